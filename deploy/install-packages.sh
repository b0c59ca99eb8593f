#!/bin/sh
# Installs the Debian 12 packages that duider needs: `deploy/install-packages.sh [build|run|lint]...` (default: build).
# README, .ci/run and the Dockerfile all call this script. Run it as root.
set -eu
packages=""
for set in "${@:-build}"; do
    case $set in
    build) packages="$packages gcc make pkg-config libc6-dev libdnnl-dev libexttextcat-dev libgnutls28-dev libjansson-dev libmicrohttpd-dev libsystemd-dev libutf8proc-dev libxml2-dev
        libcurl4-openssl-dev libxxhash-dev zlib1g-dev libbrotli-dev libzstd-dev libcmocka-dev python3 python3-yaml curl openssl" ;;
    lint) packages="$packages cppcheck binutils g++ groff-base shellcheck valgrind" ;;
    run) packages="$packages libdnnl2 libexttextcat-2.0-0 libgnutls30 libjansson4 libmicrohttpd12 libsystemd0 libutf8proc2 libxml2 libcurl4 ca-certificates libxxhash0 zlib1g libbrotli1 libzstd1" ;;
    *) echo "install-packages.sh: no set '$set'; there are build, lint and run" >&2; exit 2 ;;
    esac
done
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $packages
