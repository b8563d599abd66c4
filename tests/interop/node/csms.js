// A CSMS made with ocpp-rpc, in strict mode but for 2.1.
'use strict';

const fs = require('fs');
const http = require('http');
const https = require('https');
const { once } = require('events');
const { RPCServer } = require('ocpp-rpc');
const { STRICT_VERSIONS, attach, config, listen, tell } = require('./peer');

function httpServer() {
    if (!config.certificate) return http.createServer();
    const pem = fs.readFileSync(config.certificate);
    const options = { cert: pem, key: pem };
    if (config.authority) {
        Object.assign(options, {
            ca: fs.readFileSync(config.authority), requestCert: true, rejectUnauthorized: true,
        });
    }
    return https.createServer(options);
}

function isTheStation(handshake) {
    const password = handshake.password ? handshake.password.toString('hex') : null;
    if (handshake.identity !== config.identity || password !== config.password) return false;
    if (!config.authority) return true;
    return handshake.request.socket.getPeerCertificate().subject.CN === config.serialNumber;
}

async function main() {
    const server = new RPCServer({
        protocols: [config.subprotocol],
        strictMode: STRICT_VERSIONS,
        wssOptions: { perMessageDeflate: true },
    });
    server.auth((accept, reject, handshake) => {
        if (isTheStation(handshake)) {
            accept();
        } else {
            tell({ refused: '401' });
            reject(401);
        }
    });
    const station = new Promise((resolve) => server.once('client', resolve));
    server.on('client', attach);
    const listener = httpServer();
    listener.on('upgrade', server.handleUpgrade);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    tell({ ready: listener.address().port });
    await listen(() => station);
    await server.close();
    listener.close();
    listener.closeAllConnections();
}

main();
