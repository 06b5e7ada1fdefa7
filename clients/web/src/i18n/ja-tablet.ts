// Every text on who uses this tablet. They come with the screen of the tablet.

export const tablet = {
  lock: '画面をとじる（使う人の交代）',
  people: 'この端末を使う人', present: '（今開いている人）',
  person: {
    open: '使う人を加える', title: '使う人を加えます', note: '加わる人が担当者から受け取ったコードと、その人の暗証番号を入力します。', submit: '加える',
    where: 'コードは、担当者が事務局の画面の「端末」で「端末を登録する」を押し、加わる人を選んで出します。',
  },
  again: {
    open: '登録し直す', title: 'この端末を登録し直します', note: '送れなくなったときに、担当者の新しいコードで登録し直します。端末に残っている記録は消えません。', submit: '登録し直す',
    where: 'コードは、担当者が事務局の画面の「端末」でこの端末を開き、「登録し直すコードを出す」で出します。一覧にこの端末がないときは、「端末を登録する」のコードを使います。',
  },
  dismiss: {
    open: (name: string) => `${name}を外す`, title: (name: string) => `「${name}」をこの端末から外しますか`, submit: '外す',
    note: 'この人の暗証番号では、この端末を開けなくなります。元に戻すことはできません。この人が書いた記録は残ります。',
    back: 'もう一度使うときは、「使う人を加える」で、新しいコードと暗証番号を入力します。',
  },
} as const;
