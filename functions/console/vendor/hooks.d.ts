export function useState<T>(begin: T | (() => T)): [T, (value: T | ((value: T) => T)) => void];
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useRef<T>(begin: T): { current: T };
export function useCallback<F extends (...values: any[]) => any>(call: F, inputs: readonly unknown[]): F;
export function useMemo<T>(make: () => T, inputs: readonly unknown[]): T;
export function useId(): string;
