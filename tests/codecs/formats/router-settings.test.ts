/** Settings of routers in markup of several makers: logins, networks and servers for remote management. */
import { describe, expect, test } from 'vitest';
import { isMarkup, settingGroups } from '../../../src/codecs/formats/markup-settings.ts';
import { loginsOf, networksOf, serversOf } from '../../../src/codecs/formats/router-settings.ts';

const logins = (text: string): readonly string[] =>
  loginsOf(settingGroups(text)).map(
    ({ account, value, line }) => `${line} ${account} ${value.plain ?? `${value.state} ${value.scheme}`}`,
  );

const HUAWEI = `<InternetGatewayDeviceConfig>
<ManagementServer EnableCWMP="1" URL="http://acs.example.net:7547/" Username="cpe" Password="s3cret" ConnectionRequestUsername="itms" ConnectionRequestPassword="itms2"/>
<UserInterface>
<X_HW_WebUserInfoInstance InstanceID="1" UserName="root" Password="admin" UserLevel="1" Enable="1"/>
<X_HW_WebUserInfoInstance InstanceID="2" UserName="telecomadmin" Password="$2;b&lt;cdefghijkl$" UserLevel="0" Enable="1" PassMode="3"/>
<X_HW_WebUserInfoInstance InstanceID="3" UserName="guest" Password="guest" Enable="0"/>
<X_HW_CLIUserInfoInstance InstanceID="1" Username="cli" Userpassword="adminHW"/>
</UserInterface>
<WANPPPConnectionInstance InstanceID="1" Username="dsl" Password="ofTheLine"/>
<WLANConfigurationInstance InstanceID="1" SSID="Home" BeaconType="11i" Enable="1">
<PreSharedKey NumberOfInstances="1">
<PreSharedKeyInstance InstanceID="1" PreSharedKey="presetpsk5" KeyPassphrase=""/>
</PreSharedKey>
</WLANConfigurationInstance>
</InternetGatewayDeviceConfig>`;

describe('the tree of Huawei', () => {
  test('names logins of the web and the shell, ciphers as what no word opens, and those that are off', () => {
    expect(logins(HUAWEI)).toEqual([
      '2 itms itms2',
      '4 root admin',
      '5 telecomadmin usable unknown',
      '6 guest locked none',
      '7 cli adminHW',
    ]);
  });

  test('names the network whose key stands two elements below', () => {
    expect(networksOf(settingGroups(HUAWEI))).toEqual([
      { ssid: 'Home', key: 'presetpsk5', line: 12, mode: expect.stringContaining('11i'), disabled: false },
    ]);
  });

  test('names the server and what the device shows it', () => {
    expect(serversOf(settingGroups(HUAWEI))).toEqual([
      { url: { value: 'http://acs.example.net:7547/', line: 2 }, password: { value: 's3cret', line: 2 } },
    ]);
  });
});

test('tables of ZTE: rows are elements of their table, and a key finds its network by its name', () => {
  const text = `<DB>
<Tbl name="DevAuthInfo" RowCount="2">
<Row No="0">
<DM name="Enable" val="1"/>
<DM name="User" val="admin"/>
<DM name="Pass" val="Zte521"/>
</Row>
<Row No="1">
<DM name="Enable" val="0"/>
<DM name="User" val="support"/>
<DM name="Pass" val="support"/>
</Row>
</Tbl>
<Tbl name="TelnetCfg" RowCount="1"><Row No="0"><DM name="TS_Enable" val="1"/><DM name="TS_UName" val="root"/><DM name="TS_UPwd" val="public"/></Row></Tbl>
<Tbl name="WLANCfg" RowCount="1"><Row No="0"><DM name="ViewName" val="IGD.LD1.WLAN1"/><DM name="Enable" val="0"/><DM name="ESSID" val="Home"/></Row></Tbl>
<Tbl name="WLANPSK" RowCount="1"><Row No="0"><DM name="ViewName" val="IGD.LD1.WLAN1.PSK1"/><DM name="KeyPassphrase" val="presetpsk6"/></Row></Tbl>
<Tbl name="VoIPSIPLine" RowCount="1"><Row No="0"><DM name="UserName" val="100"/><DM name="Password" val="phone"/></Row></Tbl>
</DB>`;
  expect(logins(text)).toEqual(['6 admin Zte521', '11 support locked none', '14 root public']);
  expect(networksOf(settingGroups(text))).toEqual([expect.objectContaining({ ssid: 'Home', disabled: true })]);
});

test('Broadcom’s CMS packs passwords of its login in base 64', () => {
  const text = `<?xml version="1.0"?>
<DslCpeConfig version="3.0">
  <InternetGatewayDevice>
    <X_BROADCOM_COM_LoginCfg>
      <AdminUserName>admin</AdminUserName>
      <AdminPassword>YWRtaW4=</AdminPassword>
      <SupportPassword>c3VwcG9ydDE=</SupportPassword>
      <UserPassword>dXNlcg==</UserPassword>
    </X_BROADCOM_COM_LoginCfg>
    <X_CT-COM_ServiceManage>
      <TelnetEnable>TRUE</TelnetEnable>
      <TelnetUserName>telnetadmin</TelnetUserName>
      <TelnetPassword>t3lnet</TelnetPassword>
    </X_CT-COM_ServiceManage>
    <ManagementServer>
      <URL>https://acs.example.net/</URL>
      <ConnectionRequestUsername>itms</ConnectionRequestUsername>
      <ConnectionRequestPassword>itms</ConnectionRequestPassword>
    </ManagementServer>
  </InternetGatewayDevice>
</DslCpeConfig>`;
  expect(logins(text)).toEqual([
    '6 admin admin',
    '7 support support1',
    '8 user user',
    '13 telnetadmin t3lnet',
    '18 itms itms',
  ]);
});

test('TP-Link writes values without quotes, D-Link accounts as entries, empty passwords too', () => {
  const tplink =
    '<X>\n<X_TP_UserCfg>\n<RootPwd val=toor />\n<AdminName val=adm/>\n<AdminPwd val="ad min" />\n</X_TP_UserCfg>\n</X>';
  expect(logins(tplink)).toEqual(['5 adm ad min', '3 root toor']);
  const dlink =
    '<wrgg>\n<account>\n<entry>\n<name>Admin</name>\n<password></password>\n</entry>\n</account>\n<entry><name>x</name><password>y</password></entry></wrgg>';
  expect(logins(dlink)).toEqual(['5 Admin empty none']);
});

test.each([
  ['what is filled in later', '<UserInfo><UserName>admin</UserName><Password>%s</Password></UserInfo>'],
  ['stars', '<UserInfo UserName="admin" Password="******"/>'],
  ['nobody', '<FTPUser Username="" Password=""/>'],
  ['a line', '<WANPPPConnection><Username>dsl</Username><Password>x</Password></WANPPPConnection>'],
  ['a service elsewhere', '<DDNSClient><Account UserName="a" Password="b"/></DDNSClient>'],
  ['a comment', '<!-- <UserInfo UserName="admin" Password="admin"/> -->'],
])('%s is no login', (_what, text) => {
  expect(logins(text)).toEqual([]);
});

test('what is no markup, broken, deep or hostile is read as far as it goes, each byte a few times', () => {
  expect(isMarkup('<?xml version="1.0"?>')).toBe(true);
  expect(isMarkup('a=b\n<c>')).toBe(false);
  expect(settingGroups('<a><b c="1" <d e="2"/></a')).toEqual([
    expect.objectContaining({ name: 'a' }),
    expect.objectContaining({ name: 'd' }),
  ]);
  for (const hostile of ['<', '<a ', '<a b="', '<a>', '</a>', '<!--', "<a b=<a b='", '<a>x</b>'])
    expect(settingGroups(hostile.repeat(20_000)).length).toBeLessThan(60_000);
});

test('values do not open elements without end', () => {
  const before = performance.now();
  settingGroups('<a val=x>'.repeat(60_000) + '</z>'.repeat(60_000));
  // Lines are counted on from where they were counted to, also where the next one ends far behind.
  settingGroups('<a>x'.repeat(700_000));
  expect(performance.now() - before).toBeLessThan(15_000);
});
