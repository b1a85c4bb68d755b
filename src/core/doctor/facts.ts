// What the doctor knows about this machine when it judges: gathered by shells, judged by pure checks.
// A fact that a system does not tell is undefined, and a check without its facts says nothing.

/** One network interface that is up and has an address of the group's family. */
export interface LinkFacts {
  readonly name: string
  readonly address: string
  readonly internal: boolean
  readonly mtuBytes?: number
  readonly wireless: boolean
  /** One end of a pair whose other end is elsewhere on the same machine, as containers have it. */
  readonly paired: boolean
  /** It is a bridge of this machine. */
  readonly bridge: boolean
}

/** A bridge of this machine, with an address or without. */
export interface BridgeFacts {
  readonly name: string
  readonly snooping: boolean
  readonly querier: boolean
  readonly queryEveryMillis: number
  readonly membershipMillis: number
}

/** A datagram that was sent to the group by one interface, to see it come back. */
export interface EchoFacts {
  readonly link: string
  readonly port: number
  /** Why it could not be sent, e.g. `EPERM`. */
  readonly error?: string
  readonly heard: boolean
}

/** Somebody else on the group. */
export interface OtherFacts {
  readonly host: string
  readonly port: number
  /** What it announces; undefined for one that does not speak this protocol. */
  readonly name?: string
}

/** A manager or peer that the user named. */
export interface TargetFacts {
  readonly kind: 'manager' | 'peer'
  readonly endpoint: string
  /** The interface that leads there; undefined when no route does. */
  readonly via?: string
  /** In a network of that interface, so no router is between. */
  readonly near: boolean
  /** Why it does not answer. */
  readonly error?: string
}

/** Why a port cannot be had, and whose it is where that can be seen. */
export interface PortFacts {
  readonly port: number
  readonly code: string
  /** `name (pid 123)`. */
  readonly holder?: string
  readonly pid?: number
}

export interface Facts {
  // What was asked for
  readonly group: string
  readonly port: number
  readonly dataPort: number
  readonly peerPort: number
  readonly ttl: number
  /** The one interface that the user chose. */
  readonly chosen?: string

  // The network
  readonly links: readonly LinkFacts[]
  readonly bridges: readonly BridgeFacts[]
  /** Interfaces that are up and have no carrier: a cable is out, or nobody is at its other end. */
  readonly unplugged: readonly string[]
  /** Where the group's route leads, or why there is none. */
  readonly route: { readonly link: string } | { readonly error: string }
  /** Interfaces on which the group was joined. */
  readonly joined: readonly string[]
  /** Why it was joined nowhere. */
  readonly joinError?: string
  readonly membershipsMax?: number
  /** Group addresses that this host is in, by any program. */
  readonly memberships: readonly string[]
  readonly takenUdp?: PortFacts
  readonly takenTcp?: PortFacts
  readonly echoes: readonly EchoFacts[]
  readonly others: readonly OtherFacts[]
  readonly targets: readonly TargetFacts[]
  /** What `nft -a list ruleset` prints, where that is allowed. */
  readonly ruleset?: string
  /** `docker`, `podman`, `kubernetes`, … */
  readonly container?: string
  /** `Amazon EC2`, … */
  readonly cloud?: string

  // The host
  readonly native: { readonly loaded: boolean; readonly why: string }
  readonly unixMillis: number
  /** The same for people. */
  readonly date: string
  /** By how much the wall clock ran ahead of the monotonic one while facts were gathered. */
  readonly clockStepMillis: number
  readonly receiveBufferMaxBytes?: number
  readonly disk?: DiskFacts
}

export interface DiskFacts {
  readonly dir: string
  /** Why nothing can be written there. */
  readonly error?: string
  readonly freeBytes?: number
  /** Undefined where the file system does not count them. */
  readonly freeFiles?: number
}
