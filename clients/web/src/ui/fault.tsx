// When a screen cannot be drawn: words and a way on instead of a white page. Nothing is lost by it, since what was
// recorded is with the worker and the store, not with the screen.

import { Component, type ComponentType, type LazyExoticComponent, type ReactNode, lazy } from 'react';
import { ja } from '../i18n/ja';
import { Button } from './button';

/** Counts how often somebody asked for the screen again. */
let asked = 0;

/** A screen that comes when it is opened. What could not be fetched is fetched anew when somebody asks for it again. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let made: { readonly asked: number; readonly screen: LazyExoticComponent<ComponentType<P>> } | null = null;
  return function Later(props: P) {
    if (made?.asked !== asked) made = { asked, screen: lazy(async () => ({ default: await load() })) };
    const { screen: Screen } = made;
    return <Screen {...props} />;
  };
}

interface Props {
  /** What to say about what is kept. */
  readonly kept: () => string;
  readonly children: ReactNode;
}

export class Fault extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    const again = (): void => {
      asked += 1;
      this.setState({ failed: false });
    };
    return (
      <main role="alert" className="mx-auto flex min-h-full max-w-xl flex-col justify-center gap-4 p-6">
        <h1 className="text-[1.5rem]">{ja.screenFault.title}</h1>
        <p className="font-bold">{this.props.kept()}</p>
        <p>{ja.screenFault.help}</p>
        <div className="flex flex-wrap gap-3">
          <Button look="primary" size="large" onPress={again}>{ja.screenFault.again}</Button>
          <Button size="large" onPress={() => window.location.reload()}>{ja.screenFault.reload}</Button>
        </div>
      </main>
    );
  }
}
