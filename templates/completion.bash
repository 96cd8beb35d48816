# weedgo-redis says for every word what it may become: a line for each offer, VALUE TAB DESCRIPTION, and `:files` at the
# end where names of files fit.
_weedgo_redis() {
  local line value words current
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=('')
  current=${words[${#words[@]} - 1]}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${current#--*=}")
      continue
    fi
    # Readline takes a colon or = for the end of a word: what stands before the last one stays.
    value=${line%%$'\t'*}
    [[ $current != *[:=]* ]] || value=${value#"${current%"${current##*[:=]}"}"}
    COMPREPLY+=("$value")
  done < <("${words[0]}" completion bash -- "${words[@]:1}" 2>/dev/null)
}
complete -F _weedgo_redis weedgo-redis
