// What keeps this process in a container. The traces that containers leave are no proof: a disk that
// was made from an image has them too, and so has every namespace that was made by hand on such a
// machine. So what they say counts only where the kernel shows that we are apart from its host.

import { existsSync } from 'node:fs'
import { kernelText, linkAt } from './kernel-file.js'

/** The number that the kernel gives the namespace of all processes; others get another one. */
const HOST_PIDS = 'pid:[4026531836]'

/** `docker`, `podman`, `kubernetes`, …; `root` is where this machine's files are looked for. */
export function containerKind(
  root = '',
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const kind = kindBy(root, env)
  return kind !== undefined && isApart(root) ? kind : undefined
}

function kindBy(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (env.KUBERNETES_SERVICE_HOST !== undefined) return 'kubernetes'
  // Only root may read the first, and in a container that is often who we are.
  const told =
    /(?:^|\0)container=([\w-]+)/.exec(kernelText(`${root}/proc/1/environ`) ?? '')?.[1] ??
    kernelText(`${root}/run/systemd/container`)?.trim()
  if (told !== undefined && told !== 'none') return told
  if (existsSync(`${root}/.dockerenv`)) return 'docker'
  if (existsSync(`${root}/run/.containerenv`)) return 'podman'
  const control = kernelText(`${root}/proc/self/cgroup`) ?? ''
  return CONTROL_GROUPS.find(([pattern]) => pattern.test(control))?.[1]
}

const CONTROL_GROUPS: readonly (readonly [RegExp, string])[] = [
  [/kubepods/, 'kubernetes'],
  [/\/docker[/-]/, 'docker'],
  [/\/libpod-/, 'podman'],
  [/\/lxc[./]/, 'lxc'],
]

/** With processes of its own, in the network of their first; or else with a root in layers. */
function isApart(root: string): boolean {
  if (linkAt(`${root}/proc/self/ns/pid`) === HOST_PIDS)
    return / \/ \/ .* - (overlay|fuse-overlayfs|aufs) /.test(
      kernelText(`${root}/proc/self/mountinfo`) ?? '',
    )
  const network = linkAt(`${root}/proc/1/ns/net`)
  return network === '' || network === linkAt(`${root}/proc/self/ns/net`)
}
