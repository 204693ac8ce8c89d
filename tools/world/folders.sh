# Where engines and worlds lie. Sourced.

# Not in the clone: the next clone finds them too, and then works offline.
export SLIPWAY_ENGINES=${SLIPWAY_ENGINES:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway/engines}

# Not /tmp, which may be a tmpfs: too small for images.
worlds=/var/tmp
