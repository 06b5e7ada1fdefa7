// Entry of the office console: makes the way to the server and starts the screens.

import '../styles/theme.css';
import './office.css';
import { createApi } from './api/client';
import { office } from '../i18n/ja-office';
import { start } from '../ui/start';
import { Console } from './console';

const api = createApi({ fetch: (input, init) => fetch(input, init), events: (url) => new EventSource(url) });

start(<Console api={api} />, () => office.screenKept);
