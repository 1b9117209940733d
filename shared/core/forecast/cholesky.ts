/**
 * Solves A x = b for a symmetric positive definite A, in place.
 *
 * @param a - Row-major, shape (d, d); only the lower triangle is read, and it is overwritten with Cholesky's factor.
 * @param b - Shape (d,); overwritten with x.
 * @returns false, with a and b spoilt, when A is not positive definite in double precision.
 * @see Golub & Van Loan, Matrix Computations, section 4.2.
 */
export function solvePositiveDefinite(a: Float64Array, b: Float64Array): boolean {
  const d = b.length;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * d + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * d + k]! * a[j * d + k]!;
      if (i !== j) a[i * d + j] = sum / a[j * d + j]!;
      else if (sum > 0) a[i * d + i] = Math.sqrt(sum);
      else return false;
    }
  }
  for (let i = 0; i < d; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= a[i * d + k]! * b[k]!;
    b[i] = sum / a[i * d + i]!;
  }
  for (let i = d - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < d; k++) sum -= a[k * d + i]! * b[k]!;
    b[i] = sum / a[i * d + i]!;
  }
  return true;
}
