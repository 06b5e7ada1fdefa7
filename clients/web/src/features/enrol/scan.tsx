// Reads the office's QR with the camera, where the browser can. Elsewhere the tablet's own camera app opens the link, or
// the code is typed.

import { type ReactNode, useEffect, useRef, useState } from 'react';
import { enrol as text } from '../../i18n/ja-enrol';
import { codeIn } from '../lock/code';

interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}

interface DetectorMaker {
  new (options: { readonly formats: readonly string[] }): Detector;
}

function makerOf(scope: object): DetectorMaker | null {
  const maker: unknown = Reflect.get(scope, 'BarcodeDetector');
  const fits = (value: unknown): value is DetectorMaker => typeof value === 'function';
  return fits(maker) ? maker : null;
}

export function canScan(): boolean {
  return makerOf(window) !== null && 'mediaDevices' in navigator;
}

export function Scan({ found }: { readonly found: (link: string) => void }): ReactNode {
  const video = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let ended = false;
    let stream: MediaStream | null = null;
    const run = async (): Promise<void> => {
      const maker = makerOf(window);
      const screen = video.current;
      if (maker === null || screen === null) return;
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      screen.srcObject = stream;
      await screen.play();
      const detector = new maker({ formats: ['qr_code'] });
      while (!ended) {
        for (const { rawValue } of await detector.detect(screen)) {
          if ((codeIn(rawValue, 'code') ?? codeIn(rawValue, 'pass')) !== null) return found(rawValue);
        }
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    };
    run().catch(() => setFailed(true));
    return () => {
      ended = true;
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, [found]);
  return failed
    ? <p role="alert" className="font-bold text-wait">{text.noCamera}</p>
    : <video ref={video} muted playsInline aria-label={text.scanning} className="aspect-square w-full rounded-12 bg-ink object-cover" />;
}
