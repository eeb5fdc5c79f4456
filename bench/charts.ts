/** A plot as SVG, made without a browser; what it shows is told by `text` too. */
export interface Chart {
  /** Of its file, without the extension. */
  readonly name: string;
  /** All that the plot says, for those who do not see it. */
  readonly text: string;
  readonly svg: string;
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** Ours stands out. */
  readonly ours: boolean;
}

export interface Line {
  readonly title: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** A stretch of the time axis with a name. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

const WIDTH = 760;
const LEFT = 250;
const INK = '#1f2328';
const FAINT = '#d0d7de';
const OURS = '#0b6bcb';
const OTHERS = '#8b949e';

/** Horizontal bars, each with the line from its least to its greatest round. */
export function barChart(name: string, title: string, unit: string, bars: readonly Bar[]): Chart {
  const top = 44;
  const step = 30;
  const most = Math.max(...bars.map(({ max }) => max));
  const scale = (WIDTH - LEFT - 110) / most;
  const body = bars.map(({ label, value, min, max, ours }, index) => {
    const y = top + index * step;
    const x = (amount: number) => (LEFT + amount * scale).toFixed(1);
    const range =
      max > min
        ? `<path d="M${x(min)} ${y + 10}H${x(max)}M${x(min)} ${y + 6}v8M${x(max)} ${y + 6}v8" stroke="${INK}" fill="none"/>`
        : '';
    return [
      `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${(value * scale).toFixed(1)}" height="20" fill="${ours ? OURS : OTHERS}"/>`,
      range,
      `<text x="${(LEFT + Math.max(value, max) * scale + 8).toFixed(1)}" y="${y + 14}">${escaped(amount(value))}</text>`,
    ].join('');
  });
  const text = `${title}, ${unit}: ${bars.map(({ label, value }) => `${label} ${amount(value)}`).join('; ')}.`;
  return { name, text, svg: drawing(top + bars.length * step + 8, `${title} (${unit})`, text, body.join('\n')) };
}

/** Lines over the same time, one panel above the other. */
export function timeChart(
  name: string,
  title: string,
  panels: readonly Line[],
  stretches: readonly Stretch[],
  text: string,
): Chart {
  const left = 60;
  const panelHeight = 110;
  const top = 66;
  const end = Math.max(...stretches.map(({ to }) => to));
  const x = (seconds: number) => left + (seconds / end) * (WIDTH - left - 16);
  const bottom = top + panels.length * (panelHeight + 34);
  const bands = stretches.map(({ from, to, label }, index) => {
    const fill =
      index % 2 === 1
        ? `<rect x="${x(from).toFixed(1)}" y="${top - 8}" width="${(x(to) - x(from)).toFixed(1)}" height="${bottom - top - 10}" fill="#f3e3c3" opacity="0.5"/>`
        : '';
    return `${fill}<text x="${((x(from) + x(to)) / 2).toFixed(1)}" y="${top - 14}" text-anchor="middle" font-size="11">${escaped(label)}</text>`;
  });
  const drawn = panels.map(({ title, points }, index) => {
    const base = top + index * (panelHeight + 34) + panelHeight;
    const most = Math.max(1e-9, ...points.map(({ y }) => y));
    const path = points.map(
      (point, at) =>
        `${at === 0 ? 'M' : 'L'}${x(point.x).toFixed(1)} ${(base - (point.y / most) * (panelHeight - 18)).toFixed(1)}`,
    );
    return [
      `<path d="M${left} ${base}H${WIDTH - 16}" stroke="${FAINT}"/>`,
      `<text x="${left}" y="${base - panelHeight + 12}" font-weight="600">${escaped(title)}</text>`,
      `<text x="${left - 6}" y="${base - panelHeight + 24}" text-anchor="end">${escaped(amount(most))}</text>`,
      `<text x="${left - 6}" y="${base + 4}" text-anchor="end">0</text>`,
      `<path d="${path.join('')}" fill="none" stroke="${OURS}" stroke-width="1.5"/>`,
    ].join('\n');
  });
  const seconds = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<text x="${x(end * share).toFixed(1)}" y="${bottom - 8}" text-anchor="middle">${Math.round(end * share)} s</text>`,
  );
  return { name, text, svg: drawing(bottom + 6, title, text, [...bands, ...drawn, ...seconds].join('\n')) };
}

const drawing = (
  height: number,
  title: string,
  text: string,
  body: string,
): string => `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title text" font-family="system-ui, sans-serif" font-size="13" fill="${INK}">
<title id="title">${escaped(title)}</title>
<desc id="text">${escaped(text)}</desc>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="12" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
${body}
</svg>
`;

const amount = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
