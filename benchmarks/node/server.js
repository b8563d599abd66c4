// A CSMS made with ocpp-rpc in strict mode.
'use strict';

const http = require('http');
const { RPCServer } = require('ocpp-rpc');

const server = new RPCServer({ protocols: ['ocpp2.0.1'], strictMode: true });
const now = '2025-06-01T10:00:00Z';

server.on('client', (client) => {
    client.handle('BootNotification', () => ({ currentTime: now, interval: 300, status: 'Accepted' }));
    client.handle('Heartbeat', () => ({ currentTime: now }));
    client.handle('MeterValues', () => ({}));
});

const listener = http.createServer();
listener.on('upgrade', server.handleUpgrade);
listener.listen(0, '127.0.0.1', () => {
    process.stdout.write(JSON.stringify({ port: listener.address().port }) + '\n');
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
