// Where each municipality of Saitama stands in the tile grid: squares placed by hand in rough geographic order.

export interface Tile {
  readonly code: string;
  /** At most four letters. */
  readonly short: string;
  readonly column: number;
  readonly row: number;
}

const ROWS: readonly (readonly [number, string])[] = [
  [1, '113859上里 112119本庄 112186深谷 112020熊谷 112062行田 112160羽生 112101加須'],
  [1, '113832神川 113816美里 114081寄居 113417滑川 113476吉見 112178鴻巣 112321久喜 112402幸手'],
  [0, '113654小鹿野 113620皆野 113638長瀞 113433小川 113425嵐山 112127東松山 112330北本 112381蓮田 112461白岡 114642杉戸'],
  [0, '112071秩父 113611横瀬 113697東秩父 113492ときがわ 113484鳩山 113468川島 112313桶川 113018伊奈 114421宮代 112143春日部 114651松伏'],
  [2, '113271越生 113263毛呂山 112399坂戸 112411鶴ヶ島 112011川越 112194上尾 111007さいたま 112224越谷 112437吉川'],
  [2, '112097飯能 112429日高 112151狭山 112453ふじみ野 112356富士見 112232蕨 112038川口 112216草加 112372三郷'],
  [3, '112259入間 112089所沢 113247三芳 112283志木 112241戸田'],
  [5, '112305新座 112275朝霞 112291和光'],
];
/** South of 草加, at the eastern edge. */
const YASHIO: Tile = { code: '112348', short: '八潮', column: 9, row: 6 };

export const TILES: readonly Tile[] = [
  ...ROWS.flatMap(([start, names], row) =>
    names.split(' ').map((name, index): Tile => ({ code: name.slice(0, 6), short: name.slice(6), column: start + index, row })),
  ),
  YASHIO,
];

export const COLUMNS = 11;
export const ROW_COUNT = ROWS.length;
