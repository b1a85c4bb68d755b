// Which addresses may be told to whom. An address that only means something on one host (loopback)
// or one link (link-local) is handed only to somebody of the same kind; multicast and unspecified
// addresses to nobody. So nobody can be pointed at a victim's own services.

export type Scope = 'loopback' | 'link' | 'wide' | 'none'

/** True when `host` may be told to a peer whose own address is `to`. */
export function sameScope(host: string, to: string): boolean {
  const scope = scopeOf(host)
  return scope !== 'none' && scope === scopeOf(to)
}

export function scopeOf(host: string): Scope {
  const plain = host.toLowerCase().replace(/^::ffff:/, '')
  const v4 = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(plain)
  if (v4) {
    const a = Number(v4[1])
    if (a === 127) return 'loopback'
    if (a === 169 && Number(v4[2]) === 254) return 'link'
    return a === 0 || a >= 224 ? 'none' : 'wide'
  }
  if (!/^[0-9a-f:]+(%[\w.-]+)?$/.test(plain) || !plain.includes(':')) return 'none'
  if (plain === '::1') return 'loopback'
  if (plain === '::' || plain.startsWith('ff')) return 'none'
  return /^fe[89ab]/.test(plain) ? 'link' : 'wide'
}
