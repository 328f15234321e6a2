// A mail server by the npm package "smtp-server": greylists every recipient once, takes the mail
// after that, and refuses whoever is called "nobody". Advertises PIPELINING unless told not to.
// Prints its port, then each mail that it took, a JSON object a line.
import { createInterface } from 'node:readline';
import { SMTPServer } from 'smtp-server';

const tell = (what) => console.log(JSON.stringify(what));
const met = new Set();

const refuse = (code, text) => Object.assign(new Error(text), { responseCode: code });

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  hidePIPELINING: process.argv[2] === 'stepwise',
  onRcptTo({ address }, session, done) {
    if (address.startsWith('nobody@')) return done(refuse(550, '5.1.1 no such user here'));
    if (met.has(address)) return done();
    met.add(address);
    return done(refuse(451, '4.7.1 Greylisted, please try again later'));
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      tell({
        from: session.envelope.mailFrom.address,
        to: session.envelope.rcptTo.map((each) => each.address),
        mail: Buffer.concat(chunks).toString('latin1'),
      });
      done(null, 'queued');
    });
  },
});
server.on('error', (error) => tell({ error: error.message }));
server.listen(0, '127.0.0.1', () => tell({ port: server.server.address().port }));
createInterface({ input: process.stdin }).on('close', () => server.close(() => process.exit(0)));
