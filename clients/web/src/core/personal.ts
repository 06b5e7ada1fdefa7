// Notices what looks like personal data in free text: a telephone number, a date of birth, a name with an honorific. One
// set of rules for every field of the tablet and of the console.
//
// It only says what it saw; whoever typed it decides. What is not about a person (toll-free numbers, days of this decade,
// roles and kinship, lecturers of the registry) is let pass, so that the warning is still read when it comes.

export type PersonalKind = 'phone' | 'birth' | 'name';

export interface Personal {
  readonly kind: PersonalKind;
  /** The place in the text, as it was typed but for full-width letters. */
  readonly text: string;
}

/** Days in years before this one are taken for dates of birth, later ones only when the text says so. */
const RECENT_YEAR = 2012;

const DIGIT_WORDS = '〇一二三四五六七八九';

/** 十二 → 12, 二十五 → 25, 三 → 3; what is no number stays. */
function digits(words: string): string {
  return words.replace(/[〇一二三四五六七八九十]+(?=[年月日])/g, (word) => {
    const [tens = '', ones = ''] = word.includes('十') ? word.split('十') : ['0', word];
    const digit = (text: string): number => [...text].reduce((sum, letter) => sum * 10 + DIGIT_WORDS.indexOf(letter), 0);
    return String((word.includes('十') ? (tens === '' ? 1 : digit(tens)) * 10 : 0) + digit(ones));
  });
}

const SEPARATOR = '[-‐‑‒–—―−ー. ()]{1,2}';
const PHONES = [
  new RegExp(`(?<![\\d-])(?:\\+?81${SEPARATOR}?|0)\\d{1,4}${SEPARATOR}\\d{1,4}${SEPARATOR}\\d{3,4}(?![\\d])`, 'g'),
  /(?<![\d-])\(0\d{1,4}\) ?\d{1,4}[-‐−ー ]?\d{4}(?!\d)/g,
  /(?<!\d)0\d{9,10}(?!\d)/g,
  new RegExp(`(?:電話|TEL|Tel|tel|連絡先|携帯|☎)[^\\d\\n]{0,4}\\d{2,4}${SEPARATOR}\\d{4}(?!\\d)`, 'g'),
];
/** Numbers of companies and services. */
const TOLL_FREE = /^0(?:120|570|800|990)/;

function phone(text: string): string | null {
  for (const pattern of PHONES) {
    for (const [found] of text.matchAll(pattern)) {
      const number = found.replace(/\D/g, '');
      const whole = found.startsWith('+') || found.startsWith('81') ? number.length >= 11 && number.length <= 13 : number.length <= 11;
      const enough = pattern === PHONES[3] ? number.length >= 6 : number.length >= 10;
      if (whole && enough && !TOLL_FREE.test(number)) return found;
    }
  }
  return null;
}

const ERAS = '明治|大正|昭和|平成|令和|[明大昭平][・.]?|[MTSHR]';
const LAST = String.raw`\s*[年./・-]\s*(\d{1,2})\s*[月./・-]\s*(\d{1,2})(?!\d)\s*日?`;
const BORN = String.raw`\s*(?:生まれ|うまれ|生|誕生)`;
const ERA_DAY = new RegExp(String.raw`(?<![A-Za-z])(?:${ERAS})\s*(\d{1,2}|元)${LAST}(${BORN})?`, 'g');
const WESTERN_DAY = new RegExp(String.raw`(?<!\d)((?:18|19|20)\d{2})${LAST}(${BORN})?`, 'g');
const BARE_DAY = /(?<!\d)19\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)/;
const BIRTHDAY = new RegExp(String.raw`(?:生年月日|誕生日|生まれ)[^\d\n]{0,6}(?:\d{1,4}\s*[年./-]\s*)?\d{1,2}\s*[月./-]\s*\d{1,2}(?!\d)\s*日?|(?<!\d)\d{1,2}\s*月\s*\d{1,2}\s*日${BORN}`);

function isDay(month: string | undefined, day: string | undefined): boolean {
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31;
}

function birth(text: string): string | null {
  for (const [found, year = '', month, day, born] of text.matchAll(ERA_DAY)) {
    const recent = /^(?:令和|R)/.test(found) || (/^(?:平|H)/.test(found) && Number(year) + 1988 >= RECENT_YEAR);
    if (isDay(month, day) && (born !== undefined || !recent)) return found;
  }
  for (const [found, year = '', month, day, born] of text.matchAll(WESTERN_DAY)) {
    if (isDay(month, day) && (born !== undefined || Number(year) < RECENT_YEAR)) return found;
  }
  return BARE_DAY.exec(text)?.[0] ?? BIRTHDAY.exec(text)?.[0] ?? null;
}

const HAN = String.raw`[\p{Script=Han}々ヶ]`;
// The honorific ends the word: 様子, 氏名, ちゃんと and the like are none.
const HONORIFIC = '(?:さん(?!ぽ)|さま|様(?![子々式態相変])|氏(?![名神子族])|殿(?![堂方下様])|ちゃん(?!と)|くん|君)';
const HAN_NAME = new RegExp(String.raw`(?<!${HAN})([おご]?${HAN}+(?: ${HAN}+)?) ?${HONORIFIC}`, 'gu');
const KATAKANA_NAME = /(?<![ァ-ヺー])([ァ-ヺー]{2,}(?:[・ ][ァ-ヺー]{2,})?) ?(?:さん|さま|様(?![子々式態相変])|氏(?![名神子族])|ちゃん(?!と)|くん)/g;
// Words in hiragana run together; only one that stands by itself is taken for a name.
const HIRAGANA_NAME = /(?<=^|[\s、。，．・「『（()：:\n])([ぁ-ん]{2,4}?)(?:さん|さま|様(?![子々式態相変])|ちゃん(?!と))(?=$|[\s、。，．」』）()はがのをにへもとでか])/g;

// What goes before an honorific without naming anyone: kinship, roles, trades, and words that only look like one. A single
// letter stands for itself alone, because many surnames and given names end in one of them.
const NOT_HAN = new RegExp(
  String.raw`^(?:[おご御]子|[おご]?(?:両|各|同|某|源|平|多|一|仕|有|異|左|諸|細|暴|貴|御|宮|神|仏|王|本|拝|沈|社|寝|昇|妃|殿|若|上|下|外|内|方|奥|主|嫁|婿|孫|父|母|爺|婆|坊|赤|嬢|兄|弟|姉|妹|娘|親|隣|寺|屋|家|人))$` +
    String.raw`|(?:皆|客|皆々|模|種多|各位|旦那|亭主|主人|夫人|孫子|祖父|祖母|叔父|伯父|叔母|伯母|息子|子供|双子|両親|家族|親族|遺族|夫婦|近所|仲人|友達|友人|知人|本人|住人|老人|住民|市民|町民|村民|区民|県民|高齢者|参加者|利用者|対象者|出席者|希望者|受講者|担当者|関係者|責任者|代表者|患者|医者|介護者|被保険者|受診者|相談者|支援者|後見人|保証人|病人|職人|芸人|会員|役員|委員|職員|議員|店員|駅員|団員|隊員|社員|公務員|相談員|支援員|専門員|指導員|医師|看護師|保健師|薬剤師|助産師|療法士|聴覚士|栄養士|介護士|保育士|福祉士|弁護士|司法書士|行政書士|税理士|衛生士|介護職|医療職|講師|教師|先生|先輩|後輩|同僚|生徒|学生|幼稚園|保育園|病院|医院|医師会|役所|役場|社協|包括|事務局|農協|銀行|郵便局|警察|消防|神社|巡査|大家|家主|地主|棟梁|女将|運転手|会長|部長|課長|所長|院長|園長|館長|区長|町長|市長|村長|知事|組長|班長|係長|局長|校長|社長|店長|室長|署長|隊長|座長|議長|理事|理事長|団長|施設長|師長|(?:八百|花|魚|肉|米|酒|本|薬|床|居酒|飯|菓子|豆腐|電気|不動産|便利|葬儀|新聞|牛乳|弁当|呉服|時計|自転車)屋)$`,
  'u',
);
const NOT_KATAKANA = /(?:スタッフ|ボランティア|ヘルパー|ケアマネ|ケアマネージャー|ケアマネジャー|マネージャー|マネジャー|メンバー|ドクター|ナース|サポーター|リーダー|ワーカー|オーナー|ドライバー|ゲスト|パート|アルバイト|クリニック|センター|サロン|ホーム|デイ|デイサービス|グループ|チーム|クラブ|スーパー|コンビニ|ママ|パパ|シニア|ユーザー|コーディネーター|セラピスト|カメラマン|パン|ケーキ|ヤクルト|タクシー)$/;
const NOT_HIRAGANA = /^(?:みな|みなみな|たく|おく|おきゃく|きゃく|おこ|こども|おとう|おかあ|おにい|おねえ|おじい|おばあ|おじ|おば|じい|ばあ|とう|かあ|にい|ねえ|おじょう|じょう|おまご|まご|ひまご|むすこ|むすめ|おとなり|となり|おまわり|おてら|おいしゃ|いしゃ|おつかれ|ごくろう|おかげ|かみ|ほとけ|おひな|おつき|おひ|あか|ぼっ|ひと|すべて)$/;

function isKnown(name: string, known: readonly string[]): boolean {
  const plain = name.replaceAll(' ', '');
  return known.some((one) => one !== '' && (one.length > 1 ? plain.endsWith(one) : plain === one));
}

function name(text: string, known: readonly string[]): string | null {
  for (const [pattern, none] of [[HAN_NAME, NOT_HAN], [KATAKANA_NAME, NOT_KATAKANA], [HIRAGANA_NAME, NOT_HIRAGANA]] as const) {
    for (const [found, before = ''] of text.matchAll(pattern)) {
      if (!none.test(before) && !isKnown(before, known)) return found;
    }
  }
  return null;
}

/**
 * What the text seems to hold, at most one of a kind. `known`: surnames and whole names that may stand there, such as
 * those of registered lecturers.
 */
export function personalData(text: string, known: readonly string[] = []): readonly Personal[] {
  const plain = text.normalize('NFKC');
  const found: readonly (readonly [PersonalKind, string | null])[] = [
    ['phone', phone(plain)],
    ['birth', birth(digits(plain))],
    ['name', name(plain, known.map((one) => one.normalize('NFKC').replaceAll(' ', '')))],
  ];
  return found.flatMap(([kind, place]) => (place === null ? [] : [{ kind, text: place.trim() }]));
}
