# build-image.sh IMAGE SUITE PACKAGES APTCONF [SOURCE-LINE…]
# Makes the Debian base image in the folder IMAGE, unless it is there. Whoever comes second waits for the first.
set -eu
image=$1 suite=$2 packages=$3 aptconf=$4
shift 4
mkdir -p "$(dirname "$image")"
exec 9> "$image.lock"
flock 9
[ ! -d "$image" ] || exit 0
rm -rf --one-file-system "$image.new"
prepare=$(dirname "$0")/prepare-image.sh
export prepare
mmdebstrap --quiet --variant=minbase --include="$packages" --aptopt="$aptconf" \
  --customize-hook='sh "$prepare" "$1"' "$suite" "$image.new" "$@" 9>&-
mv "$image.new" "$image"
