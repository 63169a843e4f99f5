/** What begins with nothing may become anything. */
export function useState(begin?: null | never[]): [any, (value: any) => void];
export function useState<T>(begin: T | (() => T)): [T, (value: T | ((value: T) => T)) => void];
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
/** Runs with the drawing itself, before the page can move again. */
export function useLayoutEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useRef(begin: null): { current: any };
export function useRef<T>(begin: T): { current: T };
export function useCallback<F extends (...values: any[]) => any>(call: F, inputs: readonly unknown[]): F;
export function useMemo<T>(make: () => T, inputs: readonly unknown[]): T;
export function useId(): string;
