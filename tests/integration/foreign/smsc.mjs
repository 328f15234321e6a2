// A message centre by the npm package "smpp". The last digit of a number says what becomes of a
// message to it. Ids are answered in hexadecimal and receipted in decimal, with zeros before them.
// Tells what happens on stdout, a JSON object a line; takes commands on stdin.
import { createInterface } from 'node:readline';
import smpp from 'smpp';

const tell = (what) => console.log(JSON.stringify(what));
const hearing = new Set();
const sessions = new Set();
const undelivered = [];
const seen = new Map();
let next = 0xabc0001;

const deliver = (fields) => {
  undelivered.push(fields);
  flush();
};

// Whatever a client does not take, or takes without an answer, is given again.
const flush = () => {
  const session = [...hearing].at(-1);
  if (!session) return;
  for (const fields of undelivered.splice(0)) {
    session.deliver_sm(fields, (answer) => {
      tell({ answered: answer.command_status });
      if (answer.command_status !== 0) setTimeout(() => deliver(fields), 20);
    });
  }
};

const receipt = (id, to, state) => {
  const text = { 1: 'ENROUTE', 2: 'DELIVRD', 5: 'UNDELIV', 6: 'ACCEPTD' }[state];
  deliver({
    source_addr: to,
    destination_addr: '10690000',
    source_addr_ton: 1,
    esm_class: 4,
    short_message:
      `id:${String(id).padStart(12, '0')} sub:001 dlvrd:001 submit date:2603020800 ` +
      `done date:260302080${state} stat:${text} err:${state === 5 ? '027' : '000'} text:x`,
    // Every other one says it in optional parameters too.
    ...(id % 2 ? { receipted_message_id: id.toString(16), message_state: state } : {}),
  });
};

const fates = {
  0: (id, to) => receipt(id, to, 2),
  1: () => {}, // lost
  2: (id, to) => setTimeout(() => receipt(id, to, 2), 400), // late
  3: (id, to) => [2, 2, 2].forEach((state) => receipt(id, to, state)), // doubled
  4: (id, to) => [2, 1, 6].forEach((state) => receipt(id, to, state)), // out of order
  6: (id, to) => receipt(id, to, 5), // undelivered
};

const submitted = (session, pdu) => {
  const to = pdu.destination_addr;
  const fate = to.at(-1);
  const { message, udh } = pdu.short_message;
  const text = message ?? '';
  tell({ to, text: String(text), coding: pdu.data_coding, parts: udh ? [...udh[0]] : [] });
  const times = (seen.get(to) ?? 0) + 1;
  seen.set(to, times);
  if (fate === '7' && times === 1) {
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  if (fate === '9') {
    session.destroy();
    return;
  }
  const id = next++;
  if (fate === '5') receipt(id, to, 2); // before the answer
  session.send(pdu.response({ message_id: id.toString(16) }));
  if (pdu.registered_delivery) (fates[fate] ?? (() => {}))(id, to);
};

const server = smpp.createServer((session) => {
  sessions.add(session);
  session.on('close', () => {
    sessions.delete(session);
    hearing.delete(session);
    tell({ closed: true });
  });
  session.on('error', () => session.destroy());
  const bind = (hears) => (pdu) => {
    const right = pdu.system_id === 'bills' && pdu.password === 'secret';
    tell({ bound: right, hears });
    session.send(pdu.response(right ? {} : { command_status: smpp.ESME_RINVPASWD }));
    if (right && hears) {
      hearing.add(session);
      flush();
    }
  };
  session.on('bind_transmitter', bind(false));
  session.on('bind_receiver', bind(true));
  session.on('bind_transceiver', bind(true));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => session.send(pdu.response(), () => session.close()));
  session.on('submit_sm', (pdu) => submitted(session, pdu));
});

const commands = {
  drop: () => sessions.forEach((session) => session.destroy()),
  write: (from, ...words) =>
    deliver({
      source_addr: from,
      source_addr_ton: 1,
      destination_addr: '10690000',
      short_message: words.join(' '),
    }),
  // Whoever leaves an enquiry unanswered for so many milliseconds is cut off.
  enquire: (within) =>
    sessions.forEach((session) => {
      const timer = setTimeout(() => session.destroy(), Number(within));
      session.enquire_link(() => {
        tell({ alive: true });
        clearTimeout(timer);
      });
    }),
};
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [name, ...words] = line.split(' ');
    commands[name](...words);
  })
  .on('close', () => process.exit(0));
server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }));
