/**
 * What scripts of steps that may wait for minutes print meanwhile, for `createStepLog` to tell: `$marker
 * waiting TEXT`. `applyScript` sets `$marker`, and `$stopped`, a folder that is there once the operator has
 * interrupted.
 */

/** Exit code of a step that stopped waiting because the operator interrupted; the start itself continues. */
export const stoppedCode = 125;

/** Seconds between two signs of life. */
const everySeconds = 5;

/**
 * sh functions, which need `end_of_log`. `sign_of_life LOG` prints the last line of the log. `watch_over PID
 * LOG` does so every few seconds while the process runs, and ends the process once the operator has
 * interrupted. `watched LOG COMMAND…` runs a command under that watch and ends with its exit code.
 */
export const signsOfLife = `
sign_of_life() {
  printf '\\n%s waiting %s\\n' "$marker" "$(end_of_log "$1" 2>/dev/null | tail -n 1 | tr -d '\\r\\n')"
}
watch_over() {
  seconds=0
  while sleep 1 >/dev/null 2>&1 && kill -0 "$1" 2>/dev/null; do
    seconds=$((seconds + 1))
    [ ! -d "$stopped" ] || kill "$1"
    [ $((seconds % ${everySeconds})) != 0 ] || sign_of_life "$2"
  done
}
watched() {
  watched_log=$1
  shift
  "$@" &
  job=$!
  watch_over $job "$watched_log" &
  watcher=$!
  code=0
  wait $job || code=$?
  # Left alone it would keep the run's output open for another second.
  kill $watcher 2>/dev/null || :
  wait $watcher 2>/dev/null || :
  return $code
}`;
