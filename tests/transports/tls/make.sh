#!/usr/bin/env bash
# Makes the certificates of these tests anew: an authority, a server, a station and a stranger, all worthless.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

cat > "$work/ca.conf" <<END
[ca]
default_ca = test
[test]
database = $work/index
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
default_startdate = 20200101000000Z
default_enddate = 21200101000000Z
copy_extensions = copy
[any]
organizationName = supplied
commonName = supplied
END
touch "$work/index"
echo 01 > "$work/serial"

requested() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$2" -addext "$3" \
        -keyout "$1.key.pem" -out "$work/$1.csr" 2>/dev/null
}

sign() {
    openssl ca -batch -notext -config "$work/ca.conf" -in "$work/$1.csr" -out "$1.pem" "${@:2}" 2>/dev/null
}

for name in authority stranger; do
    requested "$name" "/O=ACME/CN=$name" "basicConstraints=critical,CA:TRUE"
    sign "$name" -selfsign -keyfile "$name.key.pem"
done
requested server "/O=ACME/CN=localhost" "subjectAltName=DNS:localhost,IP:127.0.0.1"
requested station "/O=ACME/CN=SN-1" "extendedKeyUsage=clientAuth"
for name in server station; do
    sign "$name" -cert authority.pem -keyfile authority.key.pem
done
rm authority.key.pem
