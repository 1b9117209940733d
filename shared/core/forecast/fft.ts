/**
 * Fast Fourier transform in place, radix 2.
 *
 * @param re, im - Real and imaginary parts, shape (n,), n a power of two.
 * @see Cooley & Tukey (1965), An algorithm for the machine calculation of complex Fourier series.
 */
export function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  // Each value goes to the place whose binary digits are its own in reverse.
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const [reI, imI] = [re[i]!, im[i]!];
    re[i] = re[j]!;
    im[i] = im[j]!;
    re[j] = reI;
    im[j] = imI;
  }
  const cos = Float64Array.from({ length: n >> 1 }, (_, k) => Math.cos((2 * Math.PI * k) / n));
  const sin = Float64Array.from({ length: n >> 1 }, (_, k) => -Math.sin((2 * Math.PI * k) / n));
  for (let half = 1; half < n; half *= 2) {
    const stride = n / (2 * half);
    for (let start = 0; start < n; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [even, odd] = [start + k, start + k + half];
        const c = cos[k * stride]!;
        const s = sin[k * stride]!;
        const turnedRe = re[odd]! * c - im[odd]! * s;
        const turnedIm = re[odd]! * s + im[odd]! * c;
        re[odd] = re[even]! - turnedRe;
        im[odd] = im[even]! - turnedIm;
        re[even]! += turnedRe;
        im[even]! += turnedIm;
      }
    }
  }
}

/**
 * How much of a series each frequency carries: the squared size of its Fourier transform, zeros appended up to a power of two.
 *
 * @param x - Points of mean zero, of order 1, shape (n,).
 * @returns shape (size / 2,), size the least power of two >= n; entry k belongs to a period of size / k points.
 */
export function periodogram(x: Float64Array): Float64Array {
  const size = 2 ** Math.ceil(Math.log2(x.length));
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  re.set(x);
  fft(re, im);
  return Float64Array.from({ length: size / 2 }, (_, k) => (re[k]! ** 2 + im[k]! ** 2) / x.length);
}
