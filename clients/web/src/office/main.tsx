// Entry of the office console: makes the way to the server and starts the screens.

import '../styles/theme.css';
import './office.css';
import './print.css';
import { office } from '../i18n/ja-office';
import { start } from '../ui/start';
import { createApi } from './api/client';
import { listenForNews } from './api/news';
import { Console } from './console';

const api = createApi({ fetch: (input, init) => fetch(input, init), listen: listenForNews });

start(<Console api={api} />, () => office.screenKept);
