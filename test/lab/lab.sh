#!/usr/bin/env bash
# A LAN on one machine, for tests and benches: hosts are network namespaces, each with one cable
# (a veth pair) to a bridge, and the bridges live in a namespace too, so that the machine's own
# network sees none of it. Rates, losses and pulled cables are those of a real switch as far as a
# kernel can play one: a line's rate counts 24 bytes of preamble, gap and checksum per frame, a
# port drops when its buffer is full, random loss falls where a frame enters a host.
#
# Needs root, iproute2, nftables and ethtool; nothing else.
set -euo pipefail

prefix=${MCP2P_LAB_PREFIX:-mcp2p}
state=/run/mcp2p-lab/$prefix # what we made: written down before it is made, so that `down` is sure
switch=$prefix-switch
router=$prefix-router

usage() {
  cat <<'TEXT'
A LAN of network namespaces (needs root). Host 0 is meant to send, the others to receive.

  lab up [OPTIONS]       make it; an older one of the same prefix goes first
    --hosts N            how many hosts                                            [3]
    --rate RATE          every host's line, both ways, e.g. 100mbit, 1gbit         [no limit]
    --buffer SIZE        a switch port's buffer towards its host, e.g. 256k, 1m    [512k]
    --loss PERCENT       random loss at the ingress of hosts 1…                    [0]
    --loss0 PERCENT      the same at host 0: the way back                          [0]
    --mtu BYTES          of every link                                             [1500]
    --subnets K          host i lives in subnet i mod K; a router joins them, which
                         forwards unicast and never multicast                      [1]
    --wan-rate RATE      the router's lines, both ways                             [no limit]
    --no-offload         every packet is cut and costs what it costs on a bare NIC
    --snooping           the switch sends a group's frames only where it was joined
    --snooping-dies      the same, but nobody asks again: memberships end after some seconds
  lab exec HOST CMD…     run CMD in a host (a number, or `router`, `switch`)
  lab addr HOST          its IPv4 address
  lab stats              one JSON object per host: counters since `up`, in bytes and packets
  lab loss PERCENT [HOST]  change the loss now, of one host or of all but host 0
  lab trouble HOST KIND PERCENT  what a line may do to so many frames on their way to a host, 0: stop
    duplicate            they come twice
    reorder              they come late, up to about 100 ms behind their successors
    burst                they are lost, all in a row of each 1000
    tcp                  they are lost if they are TCP; UDP comes through
  lab renumber HOST      give it another address, as a new lease would; `addr` knows it
  lab translate SUBNET   put it behind a translator: subnet 0 and whatever is reached through
                         it sees one address for all its hosts, and nobody comes in
  lab cut HOST           pull its cable: the host sees the carrier go
  lab join HOST          plug it in again
  lab status             how the lab was made; exit 1 when there is none
  lab down               remove what `up` made and end what still runs inside

MCP2P_LAB_PREFIX (a few letters and digits) lets several labs live side by side.
TEXT
}

fail() {
  printf 'lab: %s\n' "$*" >&2
  exit 1
}

# --- values -----------------------------------------------------------------------------------

# number NAME VALUE MIN MAX: checks a decimal number.
number() {
  [[ $2 =~ ^[0-9]{1,6}$ && $2 -ge $3 && $2 -le $4 ]] || fail "$1 must be $3 to $4, not '$2'"
}

# 100mbit → bits per second.
bits() {
  [[ ${1,,} =~ ^([0-9]+)(k|m|g)bit$ ]] || fail "'$1' is no rate; write 500kbit, 100mbit or 1gbit"
  local -A factor=([k]=1000 [m]=1000000 [g]=1000000000)
  echo $((BASH_REMATCH[1] * factor[${BASH_REMATCH[2]}]))
}

# 256k → bytes.
bytes() {
  [[ ${1,,} =~ ^([0-9]+)(k|m|)$ ]] || fail "'$1' is no size; write 256k or 1m"
  local -A factor=([k]=1024 [m]=1048576 [x]=1)
  echo $((BASH_REMATCH[1] * factor[${BASH_REMATCH[2]:-x}]))
}

# 1, 1% or 0.25% → how many of 10000 packets are lost.
basis() {
  [[ $1 =~ ^([0-9]{1,3})(\.([0-9]{1,2}))?%?$ ]] || fail "'$1' is no loss; write 1% or 0.25%"
  local cents=${BASH_REMATCH[3]:-0}00
  local parts=$((10#${BASH_REMATCH[1]} * 100 + 10#${cents:0:2}))
  ((parts <= 10000)) || fail "a loss of $1 is more than everything"
  echo $parts
}

saved() { # KEY: an option of the lab that is up
  [[ -r $state/$1 ]] || fail "no lab '$prefix' is up"
  cat "$state/$1"
}

address() { # HOST; each `renumber` moves it to its other one
  local moves=0
  [[ ! -e $state/moves$1 ]] || moves=$(cat "$state/moves$1")
  echo "10.42.$(($1 % $(saved subnets))).$(($1 + 1 + 201 * (moves % 2)))"
}

namespace() { # HOST → name of its namespace, which must stand
  local name=$prefix-$1
  [[ $1 =~ ^([0-9]+|router|switch)$ && -e /run/netns/$name ]] || fail "no host '$1' in lab '$prefix'"
  echo "$name"
}

inside() { # NAMESPACE CMD…
  ip netns exec "$@"
}

# --- pieces -----------------------------------------------------------------------------------

create_namespace() {
  [[ ! -e /run/netns/$1 ]] || fail "a namespace $1 stands that is not ours; use MCP2P_LAB_PREFIX"
  echo "$1" >>"$state/made"
  ip netns add "$1"
  # Neighbour and router discovery of IPv6 would add packets that nobody counts on.
  inside "$1" sh -c 'for scope in all default; do
    echo 1 >/proc/sys/net/ipv6/conf/$scope/disable_ipv6 || true; done' 2>/dev/null
  ip -n "$1" link set lo up
}

# A line: a token bucket filled for 1 ms, yet never for less than ten frames, because the timer
# would starve a slow one. QUEUE bytes wait before it drops.
shape() { # NAMESPACE DEVICE RATE QUEUE
  local bucket=$(($(bits "$3") / 8000)) least=$((10 * ($mtu + 14)))
  ((bucket >= least)) || bucket=$least
  tc -n "$1" qdisc replace dev "$2" root tbf rate "$3" burst $bucket limit "$4" overhead 24
}

# Loss must fall on wire packets: what enters a host that loses is cut before, at its port.
lose() { # HOST BASIS_POINTS
  local chance="numgen random mod 10000 < $2"
  (($2 < 10000)) || chance='' # nft refuses a comparison that is always true
  inside "$switch" ethtool -K "port$1" tso off gso off tx-udp-segmentation off >/dev/null 2>&1 || true
  inside "$(namespace "$1")" nft -f - <<RULES
table netdev lab
delete table netdev lab
table netdev lab {
  chain lossy {
    type filter hook ingress device "eth0" priority 0
    meta protocol != arp $chance counter drop
  }
}
RULES
}

# Troubles other than plain loss, each a table of its own. Losses fall where a frame enters the
# host; what comes twice or late has to be sent, by the switch's port.
trouble() { # HOST KIND PERCENT
  local host=$1 kind=$2 parts where device
  namespace "$host" >/dev/null
  parts=$(basis "$3")
  case $kind in
    burst | tcp) where=$(namespace "$host") device=eth0 ;;
    duplicate | reorder) where=$switch device=port$host ;;
    *) fail "unknown trouble '$kind'; see --help" ;;
  esac
  inside "$where" nft delete table netdev "$kind$host" 2>/dev/null || true
  ((parts > 0)) || return 0
  local each last chance="numgen random mod 10000 < $parts"
  ((parts < 10000)) || chance=''
  # It must fall on frames, not on the big packets that offloading makes of them.
  last=$(($(saved hosts) - 1)) mtu=$(saved mtu)
  for ((each = 0; each <= last; each++)); do bare "$(namespace $each)" eth0; done
  case $kind in
    burst) hook "$where" "$kind$host" ingress $device \
      "meta protocol != arp numgen inc mod 1000 < $((parts / 10)) counter drop" ;;
    tcp) hook "$where" "$kind$host" ingress $device "ip protocol tcp $chance counter drop" ;;
    duplicate) hook "$where" "$kind$host" egress $device \
      "meta protocol ip meta mark != 7 $chance counter meta mark set 7 dup to \"$device\"" ;;
    reorder)
      slow_lane "$host" "$parts"
      hook "$where" "$kind$host" egress $device \
        "meta protocol ip meta mark != 7 $chance counter meta mark set 7 fwd to \"slow$host\""
      ;;
  esac
}

# The detour of late frames: a line hardly faster than what has to go by it, so that they queue.
slow_lane() { # HOST BASIS_POINTS
  local line
  if [[ ! -e $state/slow$1 ]]; then
    ip -n "$switch" link add "slow$1" mtu "$mtu" type veth peer name "back$1" mtu "$mtu"
    ip -n "$switch" link set "slow$1" up
    ip -n "$switch" link set "back$1" up
    hook "$switch" "back$1" ingress "back$1" "fwd to \"port$1\""
    touch "$state/slow$1"
  fi
  line=$(($(bits "$(cat "$state/rate")") * $2 / 8000 / 1000))
  tc -n "$switch" qdisc replace dev "slow$1" root tbf rate "$((line > 100 ? line : 100))kbit" \
    burst $((mtu + 14)) latency 100ms
}

# One rule on what passes a device.
hook() { # NAMESPACE TABLE HOOK DEVICE RULE
  inside "$1" nft "add table netdev $2;
    add chain netdev $2 frames { type filter hook $3 device \"$4\" priority 0; };
    add rule netdev $2 frames $5"
}

bare() { # NAMESPACE DEVICE
  inside "$1" ethtool -K "$2" tso off gso off gro off tx off >/dev/null 2>&1 || true
}

# A cable from a bridge's port to a device elsewhere.
cable() { # BRIDGE PORT NAMESPACE DEVICE
  ip -n "$switch" link add "$2" mtu "$mtu" type veth peer name "$4" mtu "$mtu" netns "$3"
  ip -n "$switch" link set "$2" master "$1" up
  ip -n "$3" link set "$4" up
  ((offload)) || { bare "$3" "$4"; bare "$switch" "$2"; }
}

create_bridge() { # SUBNET
  local bridge=lan$1
  # Ports forward at once. A bridge that snoops floods until its first query is answered: make
  # that a second instead of ten.
  ip -n "$switch" link add "$bridge" mtu "$mtu" type bridge stp_state 0 forward_delay 0 \
    mcast_snooping "$snooping" mcast_query_response_interval 100 mcast_startup_query_interval 100
  if ((dies)); then
    ip -n "$switch" link set "$bridge" type bridge mcast_startup_query_count 0 \
      mcast_query_interval 360000 mcast_membership_interval 300
  fi
  ip -n "$switch" link set "$bridge" type bridge mcast_querier "$snooping"
  ip -n "$switch" link set "$bridge" up
}

create_host() { # HOST
  local host=$1 subnet=$(($1 % subnets)) name=$prefix-$1
  create_namespace "$name"
  cable "lan$subnet" "port$host" "$name" eth0
  ip -n "$name" addr add "$(address "$host")/24" broadcast + dev eth0
  ip -n "$name" route add 224.0.0.0/4 dev eth0
  ((subnets == 1)) || ip -n "$name" route add default via "10.42.$subnet.254"
  if [[ $rate ]]; then
    # A host's own queue is a NIC's ring of 1000 frames: a sender feels its socket buffer first.
    shape "$name" eth0 "$rate" $((1000 * (mtu + 14)))
    shape "$switch" "port$host" "$rate" "$buffer"
  fi
  local lost=$loss
  ((host > 0)) || lost=$loss0
  ((lost == 0)) || lose "$host" "$lost"
}

create_router() {
  local subnet
  create_namespace "$router"
  for ((subnet = 0; subnet < subnets; subnet++)); do
    cable "lan$subnet" "uplink$subnet" "$router" "eth$subnet"
    ip -n "$router" addr add "10.42.$subnet.254/24" dev "eth$subnet"
    if [[ $wan ]]; then
      shape "$router" "eth$subnet" "$wan" "$buffer"
      shape "$switch" "uplink$subnet" "$wan" "$buffer"
    fi
  done
  inside "$router" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

# --- verbs ------------------------------------------------------------------------------------

read_options() {
  while (($#)); do
    case $1 in
      --no-offload) offload=0 ;;
      --snooping) snooping=1 ;;
      --snooping-dies) snooping=1 dies=1 ;;
      --hosts | --rate | --buffer | --loss | --loss0 | --mtu | --subnets | --wan-rate)
        (($# > 1)) || fail "$1 needs a value"
        case $1 in
          --hosts) number "$1" "$2" 1 200 && hosts=$2 ;;
          --mtu) number "$1" "$2" 576 65535 && mtu=$2 ;;
          --subnets) number "$1" "$2" 1 50 && subnets=$2 ;;
          --rate) bits "$2" >/dev/null && rate=$2 ;;
          --wan-rate) bits "$2" >/dev/null && wan=$2 ;;
          --buffer) buffer=$(bytes "$2") ;;
          --loss) loss=$(basis "$2") ;;
          --loss0) loss0=$(basis "$2") ;;
        esac
        shift
        ;;
      *) fail "unknown option '$1'; see --help" ;;
    esac
    shift
  done
}

up() {
  hosts=3 rate='' buffer=524288 loss=0 loss0=0 mtu=1500 subnets=1 wan=''
  offload=1 snooping=0 dies=0
  local tool index made_with="$*"
  read_options "$@"
  for tool in ip tc nft ethtool; do
    command -v $tool >/dev/null || fail "$tool is missing: install iproute2, nftables and ethtool"
  done
  down
  trap down EXIT # half a lab is worse than none
  mkdir -p "$state"
  echo "$hosts" >"$state/hosts"
  echo "$subnets" >"$state/subnets"
  echo "$mtu" >"$state/mtu"
  echo "${rate:-1gbit}" >"$state/rate"
  echo "$made_with" >"$state/options"
  create_namespace "$switch"
  for ((index = 0; index < subnets; index++)); do create_bridge $index; done
  for ((index = 0; index < hosts; index++)); do create_host $index; done
  ((subnets == 1)) || create_router
  trap - EXIT
}

down() {
  [[ -d $state ]] || return 0
  local name pid
  while read -r name; do
    [[ -e /run/netns/$name ]] || continue
    # A process keeps its namespace alive. Ours may be called from inside one: spare it.
    for pid in $(ip netns pids "$name" 2>/dev/null); do
      [[ $pid == "$$" || $pid == "$PPID" ]] || kill -KILL "$pid" 2>/dev/null || true
    done
    # The kernel frees a namespace when it likes; the cable must go now.
    [[ $name == "$switch" ]] || ip -n "$name" link del eth0 2>/dev/null || true
    ip netns del "$name" || true
  done < <(cat "$state/made" 2>/dev/null)
  rm -rf "$state"
}

drops() { # NAMESPACE DEVICE: packets that its queue refused
  tc -n "$1" -s qdisc show dev "$2" | sed -n 's/.*(dropped \([0-9]*\),.*/\1/p' | head -n 1
}

stats() {
  local host last name lost counters
  last=$(($(saved hosts) - 1))
  echo '['
  for ((host = 0; host <= last; host++)); do
    name=$(namespace "$host")
    mapfile -t counters < <(inside "$name" sh -c 'cd /sys/class/net/eth0/statistics &&
      cat tx_bytes tx_packets rx_bytes rx_packets')
    lost=$(inside "$name" nft list table netdev lab 2>/dev/null |
      sed -n 's/.*counter packets \([0-9]*\).*/\1/p' || true)
    printf '{"host":%d,"address":"%s","txBytes":%s,"txPackets":%s,"rxBytes":%s,"rxPackets":%s,' \
      "$host" "$(address "$host")" "${counters[@]}"
    printf '"lossDrops":%s,"hostDrops":%s,"portDrops":%s}%s\n' "${lost:-0}" \
      "$(drops "$name" eth0)" "$(drops "$switch" "port$host")" "$( ((host == last)) || echo ,)"
  done
  echo ']'
}

set_loss() { # PERCENT [HOST]
  local parts host last
  parts=$(basis "${1:-}")
  last=$(($(saved hosts) - 1))
  if (($# > 1)); then
    namespace "$2" >/dev/null
    lose "$2" "$parts"
  else
    for ((host = 1; host <= last; host++)); do lose $host "$parts"; done
  fi
}

# A new lease: the old address goes, and with it all routes that leave by it.
renumber() { # HOST
  local name subnet moves=0 routes
  name=$(namespace "$1")
  subnet=$(($1 % $(saved subnets)))
  [[ ! -e $state/moves$1 ]] || moves=$(cat "$state/moves$1")
  routes=$(ip -n "$name" route show default)
  ip -n "$name" addr del "$(address "$1")/24" dev eth0
  echo $((moves + 1)) >"$state/moves$1"
  ip -n "$name" addr add "$(address "$1")/24" broadcast + dev eth0
  ip -n "$name" route add 224.0.0.0/4 dev eth0
  [[ ! $routes ]] || ip -n "$name" route add default via "10.42.$subnet.254"
}

# One table for each subnet, so that what one lets pass is still looked at by the other.
translate() { # SUBNET
  local subnet=$1 outside
  number SUBNET "$subnet" 1 $(($(saved subnets) - 1))
  outside=10.42.0.$((253 - subnet))
  ip -n "$router" addr add "$outside/24" dev eth0
  inside "$router" nft -f - <<RULES
table ip site$subnet {
  chain out {
    type nat hook postrouting priority 100
    oifname "eth0" ip saddr 10.42.$subnet.0/24 snat to $outside
  }
  chain in {
    type filter hook forward priority 0
    oifname "eth$subnet" ct state new drop
  }
}
RULES
  echo "$outside"
}

port_state() { # HOST up|down
  namespace "$1" >/dev/null
  ip -n "$switch" link set "port$1" "$2"
}

main() {
  local verb=${1:-help}
  shift || true
  [[ $prefix =~ ^[a-z0-9]{1,40}$ ]] || fail "MCP2P_LAB_PREFIX: a few small letters and digits"
  case $verb in
    help | -h | --help) usage && return ;;
  esac
  ((EUID == 0)) || fail 'needs root'
  case $verb in
    up) up "$@" ;;
    down) down ;;
    exec)
      (($# > 1)) || fail 'exec HOST CMD…'
      local name
      name=$(namespace "$1")
      exec ip netns exec "$name" "${@:2}" # no fork, so a signal reaches the command itself
      ;;
    addr) namespace "${1:-}" >/dev/null && address "$1" ;;
    stats) stats ;;
    loss) set_loss "$@" ;;
    trouble)
      (($# == 3)) || fail 'trouble HOST KIND PERCENT'
      trouble "$@"
      ;;
    renumber) renumber "${1:-}" ;;
    translate) translate "${1:-}" ;;
    cut) port_state "${1:-}" down ;;
    join) port_state "${1:-}" up ;;
    status)
      saved hosts >/dev/null
      echo "lab $prefix: $(saved hosts) hosts, made with: $(saved options)"
      ;;
    *) fail "unknown verb '$verb'; see --help" ;;
  esac
}

main "$@"
