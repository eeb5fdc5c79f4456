/** A record of a file, by its columns. */
export type FileRecord = Readonly<Record<string, string | number>>;

/**
 * Comments as people write them below posts, made up: the length of a text is log-normal with a median of 110 characters, as it is of short public
 * comments, cut at 2,000; one in five has a quotation or a comma that CSV must quote. Every one is a partition. The same number always gives the same.
 */
export function* comments(rows: number): Generator<FileRecord> {
  const random = lcg(20_090_923);
  const begin = Date.UTC(2015, 0, 1);
  for (let number = 0; number < rows; number++) {
    yield {
      // Identifiers are spread as hashes are, and grow with nothing.
      id: `c${((number * 2_654_435_761) % 4_294_967_296).toString(36).padStart(7, '0')}${number.toString(36)}`,
      author: `user_${Math.floor(random() ** 3 * 200_000)}`,
      forum: forums[Math.floor(random() ** 2 * forums.length)] as string,
      created_at: `${new Date(begin + number * 1000).toISOString().slice(0, 19)}Z`,
      score: Math.floor(Math.exp(normal(random) * 1.4)) - 1,
      body: text(random, Math.min(2000, Math.max(2, Math.round(110 * Math.exp(normal(random) * 0.9))))),
    };
  }
}

function text(random: () => number, length: number): string {
  let out = '';
  while (out.length < length) {
    const word = words[Math.floor(random() ** 2 * words.length)] as string;
    const chance = random();
    if (out !== '') out += chance < 0.04 ? ', ' : chance < 0.09 ? '. ' : ' ';
    out += chance > 0.995 ? `"${word}"` : word;
  }
  return out.slice(0, length).trim();
}

/** Uniform in [0, 1): the generator of Numerical Recipes, whose period of 2^32 is long enough here. */
function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** Standard normal, by Box and Muller. */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const forums = 'ask news pics science gaming music movies history cooking travel books diy fitness weather chess'.split(
  ' ',
);

/** Common English words, the commonest first. */
const words =
  `the be to of and a in that have I it for not on with he as you do at this but his by from they we say her she or an will my one all would
  there their what so up out if about who get which go me when make can like time no just him know take people into year your good some could them see
  other than then now look only come its over think also back after use two how our work first well way even new want because any these give day most us
  really thing those still never world school great always music something nothing question answer actually probably remember different reason problem
  understand interesting yesterday according comment original believe picture somebody everyone together whatever sometimes definitely experience`.split(
    /\s+/,
  );
