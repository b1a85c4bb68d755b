// SVG to PNG by a browser without a window. Where there is none, none is made, and that is said.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { firstLine } from '../record.js'

const browsers = ['chromium', 'chromium-browser', 'google-chrome']
const timeoutMillis = 60_000
/** Pixels of the picture for each of the chart's: sharp on dense screens. */
const scale = 2
/** What a PNG file begins with. */
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

export interface Browser {
  readonly command: string
  readonly version: string
}

export function findBrowser(): Browser | undefined {
  for (const command of browsers) {
    const version = firstLine(command, '--version')
    if (version !== undefined) return { command, version }
  }
  return undefined
}

/** Throws when the browser made no picture. */
export function paint({ command }: Browser, svg: string, pngPath: string): void {
  const size = /<svg[^>]* width="(\d+)" height="(\d+)"/.exec(svg)
  if (size === null) throw new Error('the chart does not say how big it is')
  const scratch = mkdtempSync(join(tmpdir(), 'mcp2p-figures-'))
  try {
    const page = join(scratch, 'chart.html')
    writeFileSync(
      page,
      `<!doctype html><meta charset="utf-8"><style>body{margin:0}svg{display:block}</style>${svg}`,
    )
    const options = [
      '--headless',
      // Root may not have Chromium's sandbox; it is shown nothing but our own chart.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--hide-scrollbars',
      `--user-data-dir=${join(scratch, 'profile')}`,
      `--force-device-scale-factor=${scale}`,
      `--window-size=${size[1]},${size[2]}`,
      `--screenshot=${pngPath}`,
      pathToFileURL(page).href,
    ]
    execFileSync(command, options, { stdio: 'pipe', timeout: timeoutMillis })
    if (!readFileSync(pngPath).subarray(0, 8).equals(signature))
      throw new Error(`${command} wrote no picture`)
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 })
  }
}
