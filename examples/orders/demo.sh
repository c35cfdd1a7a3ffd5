#!/usr/bin/env bash
# What `./dev demo` runs after the build: starts Mayfly in a folder of its own, deploys the shop, places orders, and shows the
# rows, the log, the latencies and the bill. Leaves nothing behind, unless KEEP=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

PORT=${PORT:-4566}
ORDERS=${ORDERS:-200}
folder=$(mktemp -d /tmp/mayfly-demo.XXXXXX)
mayfly=build/mayfly
say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# The port of the examples may be taken by another emulator: then the next free one is used.
while (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; do PORT=$((PORT + 1)); done
export AWS_ENDPOINT_URL=http://127.0.0.1:$PORT MAYFLY_ENDPOINT=http://127.0.0.1:$PORT
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1 AWS_PAGER=""
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }

say "Starting Mayfly"
$mayfly serve --listen "127.0.0.1:$PORT" --data-dir "$folder/data" >"$folder/mayfly.log" 2>&1 &
pid=$!
finish() {
  kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
  if [ -n "${KEEP:-}" ]; then echo "kept: $folder"; else rm -rf "$folder"; fi
}
trap finish EXIT
until grep -q "is ready" "$folder/mayfly.log"; do
  kill -0 "$pid" 2>/dev/null || { cat "$folder/mayfly.log"; echo "Mayfly did not start." >&2; exit 1; }
  sleep 0.02
done
cat "$folder/mayfly.log"

say "Deploying examples/orders with the AWS CLI"
url=$(examples/orders/deploy.sh)

say "Placing $ORDERS orders over HTTP"
python3 examples/orders/place_orders.py "$url" --orders "$ORDERS"

say "Rows of the table Orders"
aws dynamodb scan --table-name Orders --limit 5 --output table \
  --query 'Items[].{id: id.S, customer: customer.S, total: total.N, placed_at: placed_at.S}'
echo "items in all: $(aws dynamodb scan --table-name Orders --select COUNT --query Count --output text)"

say "The function's log, last lines"
$mayfly logs orders | tail -n 8

say "Mayfly now"
$mayfly status

say "The bill"
$mayfly bill
