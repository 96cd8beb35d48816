// What the page's test runs in the browser. Plain JavaScript: it is no part of this process.

const pictureNames = () =>
  [...document.querySelectorAll('[role=img]')].map((picture) => {
    const ids = picture.getAttribute('aria-labelledby')?.split(' ') ?? [];
    const labels = ids.map((id) => document.getElementById(id)?.textContent ?? '');
    return picture.getAttribute('aria-label') ?? labels.join(' ').trim();
  });

const styleOf = (selector, property) => getComputedStyle(document.querySelector(selector))[property];

const excessWidth = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;

const shownDrawings = () =>
  [...document.querySelectorAll('svg')]
    .filter((svg) => svg.getBoundingClientRect().width > 0)
    .map((svg) => svg.getAttribute('class'));

/**
 * All text whose contrast against what lies behind it is poor (WCAG 2.1, 1.4.3): below 4.5, or 3 for large text.
 * What lies behind is the nearest ancestor with a background; in a drawing, the last filled shape before the text
 * that covers its place.
 */
function findPoorContrast() {
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    const content = walker.currentNode.textContent.trim();
    if (content === '' || parent.closest('title, desc, style') || parent.getBoundingClientRect().width === 0)
      continue;
    const style = getComputedStyle(parent);
    const svg = parent.closest('svg');
    const ink = parseColor(svg ? style.fill : style.color);
    const ground = svg ? behindSvg(parent, svg) : behindHtml(parent);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const contrast = ratio(ink, ground);
    if (contrast < (isLarge ? 3 : 4.5)) poor.push(`${content}: ${contrast.toFixed(2)}`);
  }
  return poor;
}

function behindHtml(element) {
  if (!element) return [255, 255, 255];
  return parseColor(getComputedStyle(element).backgroundColor) ?? behindHtml(element.parentElement);
}

function behindSvg(text, svg) {
  const place = text.getBoundingClientRect();
  const [x, y] = [place.left + place.width / 2, place.top + place.height / 2];
  const shapes = [...svg.querySelectorAll('rect, circle')].filter((shape) => {
    const box = shape.getBoundingClientRect();
    const isBefore = (shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
    return isBefore && box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
  });
  const fills = shapes.map((shape) => parseColor(getComputedStyle(shape).fill));
  return fills.findLast((color) => color !== undefined) ?? behindHtml(svg);
}

/** undefined: transparent. */
function parseColor(text) {
  const [red, green, blue, alpha] = text.match(/[\d.]+/g)?.map(Number) ?? [];
  return blue === undefined || alpha === 0 ? undefined : [red, green, blue];
}

function ratio(one, other) {
  const [low, high] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminance(color) {
  const [red, green, blue] = color.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

globalThis.inPage = { pictureNames, styleOf, excessWidth, shownDrawings, findPoorContrast };
