// The frame a screen is given to draw itself in; screens do not know the app around them.

import type { ComponentType, ReactNode } from 'react';

export interface FrameProps {
  readonly frame: ComponentType<{ readonly title: string; readonly sub?: string; readonly children: ReactNode }>;
}
