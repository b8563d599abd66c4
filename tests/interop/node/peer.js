// What a station and a CSMS have in common here: a conversation with the test, one JSON value a line.
//
// The test says {say, request}, and is told {response} or {failed}. A call from ocppkit is told as
// {heard, request}, and the test says {answer} or {refuse}, an error code. The end of the input is the end of the peer.
'use strict';

const readline = require('readline');
const { createRPCError } = require('ocpp-rpc');

const waiting = [];

// Its validator of 2.1 refuses every message: it asks for the schema urn:X.req, and that of 2.1 is named urn:XRequest.
exports.STRICT_VERSIONS = ['ocpp1.6', 'ocpp2.0.1'];

exports.config = JSON.parse(process.argv[2]);

function tell(message) {
    process.stdout.write(JSON.stringify(message) + '\n');
}

exports.tell = tell;

// Lets a client of ocpp-rpc answer whatever the test wants, and reports what breaks a schema.
exports.attach = (client) => {
    client.handle(({ method, params }) => new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        tell({ heard: method, request: params });
    }));
    for (const event of ['strictValidationFailure', 'badMessage']) {
        client.on(event, ({ error }) => tell({ broken: `${event}: ${error}` }));
    }
};

// Listens to the test; `current` gives the client to call with, once there is one.
exports.listen = async (current) => {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const message = JSON.parse(line);
        if ('answer' in message) {
            waiting.shift().resolve(message.answer);
            continue;
        }
        if ('refuse' in message) {
            waiting.shift().reject(createRPCError(message.refuse));
            continue;
        }
        const client = await current();
        client.call(message.say, message.request).then(
            (response) => tell({ response }),
            (error) => tell({ failed: error.rpcErrorCode || String(error) }),
        );
    }
};
