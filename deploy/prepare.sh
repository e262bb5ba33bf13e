#!/bin/sh
# Makes what an installation lacks: passwords, addresses that hold one, a certificate to begin with, and empty lists of
# sources and links to fill in. Run it as often as you like; what is there stays as it is.
set -eu
cd "$(dirname "$0")/.."
folder=deploy/secrets
mkdir -p "$folder/sources" deploy/sources
# The files are mounted as they are, for containers with users of their own; on the host the folder keeps others out.
chmod 700 "$folder"
chmod 755 "$folder/sources"

secret() { openssl rand -hex 24; }
# make FILE: takes the content from standard input, unless the file is there.
make() {
  if [ -e "$folder/$1" ]; then
    cat >/dev/null
    echo "kept  $folder/$1"
  else
    cat >"$folder/$1"
    chmod 444 "$folder/$1"
    echo "made  $folder/$1"
  fi
}

secret | make database_password
secret | make grafana_password
printf 'postgresql+psycopg://opscentre:%s@postgres:5432/opscentre\n' "$(cat "$folder/database_password")" | make database_url
redis=$(secret)
printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory 320mb\nmaxmemory-policy noeviction\n' "$redis" | make redis.conf
redis=$(sed -n 's/^requirepass //p' "$folder/redis.conf")
printf 'redis://:%s@redis:6379/0\n' "$redis" | make redis_url
# Earlier releases had these as NAME=value lines: each becomes a file.
if [ -e "$folder/links.env" ]; then
  sed -n 's/^OPSCENTRE_SECRET_LINKS=//p' "$folder/links.env" | make links_key
  sed -n 's/^OPSCENTRE_SECRET_OIDC=//p' "$folder/links.env" | make oidc_secret
  mv "$folder/links.env" "$folder/links.env.taken"
fi
if [ -e "$folder/sources.env" ]; then
  sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p' "$folder/sources.env" | while read -r name; do
    sed -n "s/^$name=//p" "$folder/sources.env" | make "sources/$name"
  done
  mv "$folder/sources.env" "$folder/sources.env.taken"
fi
secret | make links_key
# Yours to fill in where people sign in with a provider.
printf '' | make oidc_secret
chmod u+w "$folder/oidc_secret"
# Whatever was put there since: the containers' own users read it, through no other way than their mount.
find "$folder/sources" -type f -exec chmod 644 {} +

if [ ! -e "$folder/certificate.pem" ]; then
  name=$(sed -n 's/^SERVER_NAME=//p' .env 2>/dev/null || true)
  openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj "/CN=${name:-localhost}" \
    -addext "subjectAltName=DNS:${name:-localhost}" \
    -keyout "$folder/certificate.key" -out "$folder/certificate.pem" 2>/dev/null
  chmod 444 "$folder/certificate.key" "$folder/certificate.pem"
  echo "made  $folder/certificate.pem: signed by itself, for 90 days; put your own in its place"
fi

for file in sources.toml links.toml alerts.toml recipients.csv; do
  [ -e "deploy/sources/$file" ] || { cp "config/skeleton/$file" deploy/sources/; echo "made  deploy/sources/$file"; }
done

# The profile lies beside the image, so that the administration pages can change it and a new image leaves it alone.
profile=$(sed -n 's/^OPSCENTRE_PROFILE=//p' .env 2>/dev/null || true)
profile=${profile:-thai-nguyen}
if [ ! -e "deploy/profiles/$profile" ]; then
  [ -d "config/$profile" ] || { echo "no config/$profile: OPSCENTRE_PROFILE in .env names none of config/" >&2; exit 2; }
  mkdir -p deploy/profiles
  cp -R "config/$profile" "deploy/profiles/$profile"
  echo "made  deploy/profiles/$profile: yours from now on"
fi
# The containers' user writes these, and whoever prepared them.
if [ "$(id -u)" = 0 ]; then
  chown -R "10001:$(id -g)" deploy/sources deploy/profiles
  chmod -R u+rwX,g+rwX deploy/sources deploy/profiles
elif [ "$(stat -c %u deploy/sources)" != 10001 ]; then
  echo "note  the administration pages cannot change these until: sudo chown -R 10001:$(id -g) deploy/sources deploy/profiles"
fi

if [ -e .env ] && ! grep -q '^KAFKA_CLUSTER_ID=.' .env; then
  id=$(openssl rand -base64 16 | tr '+/' '-_' | tr -d '=')
  sed -i '/^KAFKA_CLUSTER_ID=/d' .env
  printf 'KAFKA_CLUSTER_ID=%s\n' "$id" >>.env
  echo "made  KAFKA_CLUSTER_ID in .env"
fi
