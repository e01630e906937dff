<?php
// Makes the tables, the first administrator and the role of the audit, which no
// API makes, and prints an application password of the administrator.
define('WP_INSTALLING', true);
require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
wp_install('Integration', 'admin', 'admin@example.test', false, '', 'Passw0rd-1234');
update_option('permalink_structure', $argv[2]);
update_option('timezone_string', 'Asia/Tokyo');
add_role('token_auditor', 'Token auditor', array('read' => true, 'list_users' => true, 'edit_users' => true));
add_role('lister', 'Lister', array('read' => true, 'list_users' => true));
list($password) = WP_Application_Passwords::create_new_application_password(1, array('name' => 'bootstrap'));
echo "\n", $password;
