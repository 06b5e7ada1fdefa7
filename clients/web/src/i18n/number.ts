// Numbers as people here read them: 1,234.

export const number = new Intl.NumberFormat('ja-JP');
