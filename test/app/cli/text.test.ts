import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  fitFields,
  fitLine,
  styleOf,
  wantsColor,
  wantsUnicode,
} from '../../../src/app/cli/style.js'
import { tableLines } from '../../../src/app/cli/table.js'
import { cellsOf, clip, printable, shellQuote } from '../../../src/app/cli/text.js'

it('shows what could move the cursor as its code', () => {
  expect(printable('a\x1b[2Jb\nc\u202ed\ud800é漢')).toBe(
    'a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{d800}é漢',
  )
})

it('counts cells, not characters', () => {
  expect(['abc', 'é', 'e\u0301', '漢字', '👍', '👨‍👩‍👧', '🇫🇷', 'ﾊ', '…'].map(cellsOf)).toEqual([
    3, 1, 1, 4, 2, 2, 2, 1, 1,
  ])
})

it('cuts to the width and never beyond', () => {
  expect(clip('photos', 6)).toBe('photos')
  expect(clip('photos', 5)).toBe('phot…')
  expect(clip('漢字漢字', 6)).toBe('漢字…')
  expect(clip('photos', 0)).toBe('')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, cells) => {
      expect(cellsOf(clip(printable(text), cells))).toBeLessThanOrEqual(cells)
    }),
  )
})

it('quotes a word for a shell where it has to', () => {
  expect(['a/b.c', 'mcp2p:x?n=1', "it's", '', '$HOME', '漢'].map(shellQuote)).toEqual([
    'a/b.c',
    "'mcp2p:x?n=1'",
    `'it'\\''s'`,
    "''",
    "'$HOME'",
    "'漢'",
  ])
})

it('lines up a table by cells, figures to the right', () => {
  const columns = [{ title: 'HOST' }, { title: 'N', align: 'right' as const }, { title: 'X' }]
  const rows = [
    ['漢字漢字', '1', 'y'],
    ['b\x07', '100', ''],
  ]
  expect(tableLines(columns, rows)).toEqual([
    'HOST        N  X',
    '漢字漢字    1  y',
    'b\\u{7}    100',
  ])
})

describe('style', () => {
  const color = styleOf({ color: true, unicode: true })
  const plain = styleOf({ color: false, unicode: false })

  it('fills a bar by eighths of a cell, or by whole ones', () => {
    expect([0, 0.5, 0.53, 1, 2, Number.NaN].map(part => color.bar(part, 10))).toEqual([
      '░░░░░░░░░░',
      '█████░░░░░',
      '█████▎░░░░',
      '██████████',
      '██████████',
      '░░░░░░░░░░',
    ])
    expect(plain.bar(0.55, 10)).toBe('#####.....')
  })

  it('cuts a line before it paints it', () => {
    expect(fitLine([['abc', color.good], 'def'], 5)).toBe('\x1b[32mabc\x1b[39md…')
    expect(fitLine([['abcdef', color.bad], 'x'], 4)).toBe('\x1b[31mabc…\x1b[39m')
    expect(fitLine([['abc', plain.good], 'def'], 6)).toBe('abcdef')
  })

  it('leaves out whole fields that do not fit', () => {
    const fields = [['one ', ['1', plain.good]], ['two 2'], ['three']] as const
    expect(fitFields(fields, ' / ', 13)).toBe('one 1 / two 2')
    expect(fitFields(fields, ' / ', 12)).toBe('one 1')
    expect(fitFields(fields, ' / ', 99)).toBe('one 1 / two 2 / three')
  })

  it('has colour on a terminal, unless told otherwise', () => {
    expect(wantsColor('auto', {}, true)).toBe(true)
    expect(wantsColor('auto', {}, false)).toBe(false)
    expect(wantsColor('auto', { NO_COLOR: '1' }, true)).toBe(false)
    expect(wantsColor('auto', { NO_COLOR: '' }, true)).toBe(true)
    expect(wantsColor('auto', { TERM: 'dumb' }, true)).toBe(false)
    expect(wantsColor('always', { NO_COLOR: '1' }, false)).toBe(true)
    expect(wantsColor('never', {}, true)).toBe(false)
  })

  it('believes the locale', () => {
    expect(wantsUnicode({ LANG: 'de_DE.UTF-8' }, 'linux')).toBe(true)
    expect(wantsUnicode({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, 'linux')).toBe(false)
    expect(wantsUnicode({}, 'linux')).toBe(false)
  })
})
