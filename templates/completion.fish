# weedgo-redis says for every word what it may become: a line for each offer, VALUE TAB DESCRIPTION, and `:files` at the
# end where names of files fit.
function __weedgo_redis
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] completion fish -- $words[2..-1] 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c weedgo-redis -f -a '(__weedgo_redis)'
