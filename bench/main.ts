// `npm run bench -- NAME [OPTIONS]`: one bench, one question. Each is loaded only when asked for.

const benches: Readonly<Record<string, { about: string; load: () => Promise<Bench> }>> = {
  lan: {
    about: 'how fast a file reaches every host of a lossy LAN, and what it costs the sender',
    load: () => import('./lan.js'),
  },
  rate: {
    about: 'whether the blast finds the line, follows it, shares it, and copes with slow receivers',
    load: () => import('./rate.js'),
  },
  fec: {
    about: 'how fast this machine codes against loss, by every kernel that it has',
    load: () => import('./fec.js'),
  },
  manager: {
    about: 'how soon a manager answers ten thousand peers, and what abuse does to them',
    load: () => import('./manager.js'),
  },
  'sim-compare': {
    about: 'whether a change makes transfers slower or dearer, in the simulator',
    load: () => import('./sim-compare.js'),
  },
  policies: {
    about: "whether the swarm's choices are the best, in the simulator",
    load: () => import('./policies.js'),
  },
  truth: {
    about: "whether the simulator's times are those of the lab",
    load: () => import('./truth.js'),
  },
  feedback: {
    about: "what the receivers' reports cost a sender, from ten to ten thousand",
    load: () => import('./feedback.js'),
  },
  seeds: {
    about: "the seeds' figures beside ours, as charts and a page (npm run figures)",
    load: () => import('./figures/main.js'),
  },
  figures: {
    about: "writes the README's table of figures from bench/results",
    load: () => import('./figures.js'),
  },
}

interface Bench {
  /** Resolves with the exit code: 0, or 10 when a threshold was missed. */
  main(args: string[]): Promise<number>
}

const [name, ...args] = process.argv.slice(2)
const bench = Object.hasOwn(benches, name ?? '') ? benches[name] : undefined

// An orderly exit takes down labs and scratch folders; a signal's default end would not.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

if (bench) {
  try {
    process.exit(await (await bench.load()).main(args))
  } catch (error) {
    process.stderr.write(`bench ${name}: ${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
} else {
  const list = Object.entries(benches).map(([each, { about }]) => `  ${each.padEnd(12)}${about}\n`)
  process.stderr.write(
    `npm run bench -- NAME [OPTIONS]; --help after a name tells more\n${list.join('')}`,
  )
  process.exit(2)
}
