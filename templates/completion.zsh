#compdef weedgo-redis
# weedgo-redis says for every word what it may become: a line for each offer, VALUE TAB DESCRIPTION, and `:files` at the
# end where names of files fit.
_weedgo_redis() {
  local line
  local -a offers
  for line in "${(@f)$("${words[1]}" completion zsh -- "${(@)words[2,$CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) _files ;;
      *) offers+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  (( ! $#offers )) || _describe -t weedgo-redis weedgo-redis offers
}
compdef _weedgo_redis weedgo-redis
