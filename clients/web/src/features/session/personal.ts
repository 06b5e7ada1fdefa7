// Notices what looks like personal data in free text. It only warns: what was typed stays.

export type Personal = 'phone' | 'birth' | 'name';

const PHONE = /(?<![\d-])0\d{1,4}[-‐－ー(（]?\d{1,4}[-‐－ー)）]?\d{3,4}(?![\d-])/;
const BIRTH = /(明治|大正|昭和|平成|[MTSH]|19\d{2})\s*\d{0,2}\s*[年.\/-]\s*\d{1,2}\s*[月.\/-]\s*\d{1,2}\s*日?\s*(生|うまれ)?/;
// A name with an honorific; roles and groups with one are not names.
const NAME = /(?<![\p{Script=Han}])([\p{Script=Han}]{1,4})(さん|様|氏|ちゃん|くん)/u;
const NOT_NAMES = /(皆|皆々|患者|家族|母|父|娘|息子|奥|旦那|嫁|孫|利用者|参加者|職員|医師|看護師|民生委員|講師|先生|高齢者|住民|各位|同|お子|子供|仏|神|客|会員|兄|姉|祖父|祖母|主人)$/;

/** The kinds of personal data the text seems to hold. */
export function personalData(text: string): readonly Personal[] {
  const plain = text.normalize('NFKC');
  const found: Personal[] = [];
  if (PHONE.test(plain)) found.push('phone');
  if (BIRTH.test(plain)) found.push('birth');
  for (const [, name] of plain.matchAll(new RegExp(NAME, 'gu'))) {
    if (name !== undefined && !NOT_NAMES.test(name)) {
      found.push('name');
      break;
    }
  }
  return found;
}
