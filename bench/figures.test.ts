import { expect, it } from 'vitest'
import { figuresInReadme, savedFigures } from './figures.js'

it('the figures of the README are those of bench/results', () => {
  // To renew them: npm run bench -- figures
  expect(figuresInReadme()).toBe(savedFigures())
})
