#!/bin/sh
# Makes the passwords and tokens that docker-compose.yml needs: .env and deploy/compose/tokens.json. Keeps what is there.
set -eu
cd "$(dirname "$0")/../.."
umask 077
env_file=.env
tokens_file=deploy/compose/tokens.json
if [ -e "$env_file" ] || [ -e "$tokens_file" ]; then
  echo "$env_file or $tokens_file is there already; remove both to make new ones" >&2
  exit 1
fi
random() { openssl rand -hex 32; }
hash() { printf '%s' "$1" | openssl dgst -sha256 -r | cut -d ' ' -f 1; }
ingest="ops_$(random)"
read="ops_$(random)"
operator="ops_$(random)"
cat > "$env_file" <<EOF
CLICKHOUSE_WRITER_PASSWORD=$(random)
CLICKHOUSE_READER_PASSWORD=$(random)
GRAFANA_ADMIN_PASSWORD=$(random)
OPS_INGEST_TOKEN=$ingest
OPS_READ_TOKEN=$read
OPS_OPERATOR_TOKEN=$operator
EOF
cat > "$tokens_file" <<EOF
{
  "tokens": [
    { "name": "gateways", "sha256": "$(hash "$ingest")", "scopes": ["ingest"] },
    { "name": "prometheus", "sha256": "$(hash "$read")", "scopes": ["read"] },
    { "name": "operator", "sha256": "$(hash "$operator")", "scopes": ["read", "export", "retry"] }
  ]
}
EOF
# The container's user reads it.
chmod 644 "$tokens_file"
echo "made $env_file and $tokens_file (hashes only). The console asks for OPS_OPERATOR_TOKEN of $env_file."
