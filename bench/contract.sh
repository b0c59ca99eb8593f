#!/bin/sh
# openapi.yaml against a running server: schemathesis makes requests of it, good and bad, and checks each answer.
# usage: contract.sh BUILD_FOLDER [EXAMPLES]     needs schemathesis 4 from PyPI (SCHEMATHESIS names the program); EXAMPLES an operation (default 1000)
set -eu
build=$1 examples=${2:-1000} schemathesis=${SCHEMATHESIS:-schemathesis}
if ! command -v "$schemathesis" >/dev/null; then
    echo "contract.sh: no schemathesis: pip install 'schemathesis>=4'; SCHEMATHESIS=path/to/schemathesis make contract" >&2
    exit 2
fi
log=$(mktemp)
"$build/duider-server" --port 0 --workers 2 --queue-timeout-ms 0 --queue-length 512 --max-connections-per-address 0 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT
tries=0
until port=$(sed -n 's|.*ready on http://127.0.0.1:\([0-9]*\),.*|\1|p' "$log") && [ -n "$port" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ]; then
        cat "$log" >&2
        exit 1
    fi
    sleep 0.1
done
failed=0
SCHEMATHESIS_HOOKS=$(dirname "$0")/contract_hooks.py "$schemathesis" run openapi.yaml --url "http://127.0.0.1:$port" --checks all --max-examples "$examples" --seed 1 --workers 1 --continue-on-failure --phases examples,coverage,fuzzing --no-color || failed=1
errors=$(grep -c 'status=5' "$log" || true)
kill "$server"
wait "$server" || failed=1
echo "answers with a server error: $errors"
[ "$errors" -eq 0 ] && [ "$failed" -eq 0 ]
