declare const sampleRate: number;
declare function registerProcessor(name: string, processor: any): void;
declare class AudioWorkletProcessor {
	port: MessagePort;
}
