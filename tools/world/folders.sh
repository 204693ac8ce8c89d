# Paths of the engines and worlds. Other scripts source this file.

# Outside of the repository, so that another clone finds the engines too, without downloading them again.
export SLIPWAY_ENGINES=${SLIPWAY_ENGINES:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway/engines}

# Not /tmp: it may be a tmpfs, which is too small for images.
worlds=/var/tmp
