# Prints what zsh offers behind each line, with the completion script of a command loaded.
# With SHOW_LINE set, what each line has become instead.
# Usage: zsh -f complete-in-zsh.zsh <directory for zsh's files> <script> <line>...
zmodload zsh/zpty
directory=$1 script=$2
shift 2

print -r -- '
PROMPT= RPROMPT=
autoload -Uz compinit && compinit -u -d $directory/zcompdump
source $script
typeset -ga offered
# Every match goes through compadd; with -O, -A or -D it only computes.
compadd() {
  local -a hits
  if [[ ${${(@)argv[1,(i)-(|-)]}[(I)-[OAD]]} == 0 ]]; then
    builtin compadd -O hits "$@"
    offered+=("$hits[@]")
  fi
  builtin compadd "$@"
}
tell() { zle -I; [[ -z $SHOW_LINE ]] || offered=("$BUFFER"); print -r -- "OFFERED<${(j:|:)offered}>"; offered=(); BUFFER= }
zle -N tell
bindkey "^I" complete-word "^X" tell
zstyle ":completion:*" list-prompt ""
LISTMAX=10000
print -r -- REA""DY' >$directory/setup

export directory script
zpty shell zsh -f -i
zpty -w shell "source $directory/setup"
zpty -r shell seen '*READY*' || exit 1
for line in "$@"; do
  zpty -w -n shell "$line"$'\t\x18'
  zpty -r shell seen '*OFFERED<*>*' || exit 1
  print -r -- "${${seen##*OFFERED<}%%>*}"
done
zpty -d shell
