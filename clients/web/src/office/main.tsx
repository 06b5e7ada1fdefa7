// Entry of the office console: makes the way to the server and starts the screens.

import '../styles/theme.css';
import './office.css';
import './print.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createApi } from './api/client';
import { listenForNews } from './api/news';
import { Console } from './console';

const api = createApi({ fetch: (input, init) => fetch(input, init), listen: listenForNews });

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no place for the app');
createRoot(root).render(<StrictMode><Console api={api} /></StrictMode>);
