// What ocpp-rpc does with a message in strict mode: JSON.parse or JSON.stringify, and its own precompiled ajv.
//
// Orders come as JSON, one a line: {way, text, seconds, schema, version}. Each is answered with {seconds}, the CPU time
// of one message.
'use strict';

const readline = require('readline');
const validators = require('ocpp-rpc/lib/standard-validators');

function cpuSeconds() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
}

function work({ way, text, schema, version }) {
    const validator = validators.find((one) => one.subprotocol === `ocpp${version}`);
    if (way === 'read') {
        return () => {
            const message = JSON.parse(text);
            validator.validate(schema, message[3]);
            return message;
        };
    }
    const [type, id, action, payload] = JSON.parse(text);
    return () => {
        validator.validate(schema, payload);
        return JSON.stringify([type, id, action, payload]);
    };
}

function measure(order) {
    const once = work(order);
    let kept = 0;
    let calls = 64;
    for (;;) {
        const start = cpuSeconds();
        for (let i = 0; i < calls; i++) kept += once().length;
        const took = cpuSeconds() - start;
        if (took >= order.seconds / 2) return { seconds: took / calls, kept };
        calls *= 2;
    }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
    process.stdout.write(JSON.stringify(measure(JSON.parse(line))) + '\n');
});
