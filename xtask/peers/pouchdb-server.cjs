// PouchDB's server (express-pouchdb over LevelDB) on a free port.

const { createRequire } = require('node:module');
const path = require('node:path');

const [folder, data] = process.argv.slice(2);
const load = createRequire(path.join(folder, 'package.json'));
const databases = load('pouchdb').defaults({ prefix: path.join(data, 'pouch-') });
const app = load('express')();
const options = { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: path.join(data, 'log.txt') };
app.use('/', load('express-pouchdb')(databases, options));
const server = app.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}`));
