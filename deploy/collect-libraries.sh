#!/bin/sh
# Copies the libraries that programs load into a folder that becomes the root of an image, with the notices of the packages they are from and what
# scanners read of these (var/lib/dpkg/status.d): `deploy/collect-libraries.sh FOLDER PROGRAM...`. The Dockerfile calls it.
set -eu
folder=$1
shift
libraries=$(ldd "$@" | grep -v ":$")
if echo "$libraries" | grep "not found" >&2; then
    exit 1
fi
mkdir -p "$folder/var/lib/dpkg/status.d" "$folder/usr/share/doc"
for file in $(echo "$libraries" | grep -o '/[^ ]*' | sort -u); do
    cp --parents -L "$file" "$folder"
    package=$(dpkg -S "*/${file##*/}" | sed -n '1s/:.*//p')
    dpkg -s "$package" >"$folder/var/lib/dpkg/status.d/$package"
    cp -rL --parents "/usr/share/doc/$package/copyright" "$folder"
done
