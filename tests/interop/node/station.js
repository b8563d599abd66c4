// A station made with ocpp-rpc, in strict mode but for 2.1.
'use strict';

const fs = require('fs');
const { RPCClient } = require('ocpp-rpc');
const { STRICT_VERSIONS, attach, config, listen, tell } = require('./peer');

async function main() {
    const wsOpts = {};
    if (config.authority) wsOpts.ca = fs.readFileSync(config.authority);
    if (config.certificate) wsOpts.cert = wsOpts.key = fs.readFileSync(config.certificate);
    const client = new RPCClient({
        endpoint: config.url,
        identity: config.identity,
        password: config.password && Buffer.from(config.password, 'hex'),
        protocols: [config.subprotocol],
        strictMode: STRICT_VERSIONS,
        reconnect: false,
        wsOpts,
    });
    attach(client);
    try {
        await client.connect();
    } catch (error) {
        tell({ refused: String(error.code) });
        return;
    }
    tell({ ready: client.protocol });
    await listen(async () => client);
    await client.close();
}

main();
