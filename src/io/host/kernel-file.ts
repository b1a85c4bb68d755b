// Small files by which a Linux kernel tells what it knows, below /proc and /sys. Where they are not
// (another system, a container that hides them), there is nothing to tell.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The text of a file, or undefined. */
export function kernelText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

/** The number in a file, or undefined. */
export function kernelNumber(path: string): number | undefined {
  const text = kernelText(path)
  return text !== undefined && /^-?\d+\s*$/.test(text) ? Number(text) : undefined
}

export interface Holder {
  readonly name: string
  readonly pid: number
}

/** Who has a port: to see programs of others takes root. Undefined where it cannot be told. */
export function holderOf(protocol: 'udp' | 'tcp', port: number): Holder | undefined {
  const sockets = new Set<string>()
  for (const file of [`/proc/net/${protocol}`, `/proc/net/${protocol}6`])
    for (const line of (kernelText(file) ?? '').split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/)
      const bound = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16)
      if (bound === port) sockets.add(`socket:[${columns[9]}]`)
    }
  return sockets.size === 0 ? undefined : processWith(sockets)
}

function processWith(sockets: ReadonlySet<string>): Holder | undefined {
  for (const pid of namesIn('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const folder = `/proc/${pid}/fd`
    const has = namesIn(folder).some(fd => sockets.has(linkAt(`${folder}/${fd}`)))
    if (has) return { name: kernelText(`/proc/${pid}/comm`)?.trim() ?? '?', pid: Number(pid) }
  }
  return undefined
}

/** Names in a folder; none where it cannot be read. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Where a link leads, which need not be there; empty where it cannot be read. */
export function linkAt(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

const CLOUDS: readonly (readonly [RegExp, string])[] = [
  [/amazon|\bec2\b/i, 'Amazon EC2'],
  [/google/i, 'Google Cloud'],
  [/microsoft corporation.*virtual machine/i, 'Azure or Hyper-V'],
  [/digitalocean/i, 'DigitalOcean'],
  [/hetzner/i, 'Hetzner Cloud'],
  [/oraclecloud/i, 'Oracle Cloud'],
  [/openstack/i, 'OpenStack'],
  [/alibaba/i, 'Alibaba Cloud'],
  [/scaleway|vultr|linode|akamai/i, 'a rented virtual machine'],
]

/** The cloud whose name this machine's firmware bears. */
export function cloudName(): string | undefined {
  const files = ['sys_vendor', 'product_name', 'chassis_asset_tag', 'bios_vendor']
  const told = files.map(file => kernelText(`/sys/class/dmi/id/${file}`)?.trim() ?? '').join(' ')
  return CLOUDS.find(([pattern]) => pattern.test(told))?.[1]
}
