;; The kernel of fec-nibbles.h for machines without the native part: sums of products over GF(2^8),
;; sixteen bytes and four rows at a time. The tables of a column's four factors stay in registers
;; while its vector goes by. The caller lays everything out in the memory and pads: rows to four,
;; vectors to sixteen bytes.
(module
  (memory (export "memory") 2)

  ;; The two tables of `factor`: products of the low half of a byte, then of the high one.
  (func $table (param $factors i32) (result i32)
    (i32.shl (i32.load8_u (local.get $factors)) (i32.const 5)))

  ;; sums[r] += matrix[r * columns + c] · vectors[c] for four rows from `matrix` on; tables lie at 0,
  ;; 32 bytes for each factor; vectors and sums lie one after the other, `bytes` each
  (func (export "apply")
    (param $matrix i32) (param $columns i32) (param $vectors i32) (param $sums i32) (param $bytes i32)
    (local $end i32) (local $sum i32) (local $last i32) (local $t i32)
    (local $v v128) (local $low v128) (local $high v128)
    (local $l0 v128) (local $h0 v128) (local $l1 v128) (local $h1 v128)
    (local $l2 v128) (local $h2 v128) (local $l3 v128) (local $h3 v128)
    (local.set $last (i32.add (local.get $matrix) (local.get $columns)))
    (block $done
      (loop $column
        (br_if $done (i32.ge_u (local.get $matrix) (local.get $last)))
        (local.set $t (call $table (local.get $matrix)))
        (local.set $l0 (v128.load (local.get $t)))
        (local.set $h0 (v128.load offset=16 (local.get $t)))
        (local.set $t (call $table (i32.add (local.get $matrix) (local.get $columns))))
        (local.set $l1 (v128.load (local.get $t)))
        (local.set $h1 (v128.load offset=16 (local.get $t)))
        (local.set $t (call $table
          (i32.add (local.get $matrix) (i32.mul (local.get $columns) (i32.const 2)))))
        (local.set $l2 (v128.load (local.get $t)))
        (local.set $h2 (v128.load offset=16 (local.get $t)))
        (local.set $t (call $table
          (i32.add (local.get $matrix) (i32.mul (local.get $columns) (i32.const 3)))))
        (local.set $l3 (v128.load (local.get $t)))
        (local.set $h3 (v128.load offset=16 (local.get $t)))
        (local.set $sum (local.get $sums))
        (local.set $end (i32.add (local.get $vectors) (local.get $bytes)))
        (loop $at
          (local.set $v (v128.load (local.get $vectors)))
          (local.set $low (v128.and (local.get $v) (v128.const i8x16 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15 15)))
          (local.set $high (i8x16.shr_u (local.get $v) (i32.const 4)))
          (v128.store (local.get $sum) (v128.xor (v128.load (local.get $sum))
            (v128.xor (SWIZZLE (local.get $l0) (local.get $low))
                      (SWIZZLE (local.get $h0) (local.get $high)))))
          (local.set $t (i32.add (local.get $sum) (local.get $bytes)))
          (v128.store (local.get $t) (v128.xor (v128.load (local.get $t))
            (v128.xor (SWIZZLE (local.get $l1) (local.get $low))
                      (SWIZZLE (local.get $h1) (local.get $high)))))
          (local.set $t (i32.add (local.get $t) (local.get $bytes)))
          (v128.store (local.get $t) (v128.xor (v128.load (local.get $t))
            (v128.xor (SWIZZLE (local.get $l2) (local.get $low))
                      (SWIZZLE (local.get $h2) (local.get $high)))))
          (local.set $t (i32.add (local.get $t) (local.get $bytes)))
          (v128.store (local.get $t) (v128.xor (v128.load (local.get $t))
            (v128.xor (SWIZZLE (local.get $l3) (local.get $low))
                      (SWIZZLE (local.get $h3) (local.get $high)))))
          (local.set $sum (i32.add (local.get $sum) (i32.const 16)))
          (local.set $vectors (i32.add (local.get $vectors) (i32.const 16)))
          (br_if $at (i32.lt_u (local.get $vectors) (local.get $end))))
        (local.set $matrix (i32.add (local.get $matrix) (i32.const 1)))
        (br $column)))))
