<?php
/**
 * Plugin Name: Undersigned
 * Description: Shows the form of a letter that people sign, by its link: as a block, or as [undersigned link="…"].
 * Version: 1.0.0
 * Requires at least: 6.3
 * Requires PHP: 7.4
 * License: MIT
 *
 * WordPress removes frames and scripts from what authors save. So they give a link, and this plugin makes the frame: only
 * from the address that an administrator entered, because a frame from anywhere could ask readers for their passwords.
 * The script comes with the plugin, so that no other website's script runs here.
 */

namespace Undersigned;

defined( 'ABSPATH' ) || exit;

const SETTING = 'undersigned_address';
const ORIGIN  = 'https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?';
const LINK    = '~^(' . ORIGIN . ')/campaigns/([a-z0-9-]{1,100})/?(?:\?([^#]*))?(?:#.*)?$~Di';

/** Return the plugin's words in the language of the page. */
function words() {
	return 0 === strpos( determine_locale(), 'es' ) ? array(
		'sign'    => 'Firmar la carta',
		'block'   => 'Carta para firmar',
		'link'    => 'Enlace del formulario',
		'help'    => 'Cópielo del paso Publicar. Empieza por https:// y contiene /campaigns/.',
		'wrong'   => 'Este no es el enlace de un formulario. Cópielo del paso Publicar.',
		'setting' => 'Dirección de las cartas',
		'such'    => 'El principio de los enlaces a sus formularios, como https://letters.example.org. '
			. 'El formulario aparece solo desde esta dirección; sin ella, aparece un enlace.',
	) : array(
		'sign'    => 'Sign the letter',
		'block'   => 'Letter to sign',
		'link'    => 'Link of the form',
		'help'    => 'Copy it from the step Publish. It begins with https:// and has /campaigns/ in it.',
		'wrong'   => 'This is not the link of a form. Copy it from the step Publish.',
		'setting' => 'Address of the letters',
		'such'    => 'The beginning of the links of your forms, such as https://letters.example.org. '
			. 'The form shows from this address only; without it, a link shows.',
	);
}

/** Return the address of the letters as it is compared, or '' for anything else. */
function address( $typed ) {
	$origin = strtolower( rtrim( trim( (string) $typed ), '/' ) );
	return preg_match( '~^' . ORIGIN . '$~D', $origin ) ? $origin : '';
}

/** Return the HTML of a form, or of a link to it if its address is not the one that the administrator entered. */
function form( $attributes ) {
	$given = isset( $attributes['link'] ) && is_string( $attributes['link'] ) ? trim( $attributes['link'] ) : '';
	if ( ! preg_match( LINK, html_entity_decode( $given ), $parts ) ) {
		// Only people who can correct it read this.
		return current_user_can( 'edit_posts' ) ? '<p><em>Undersigned: ' . esc_html( words()['wrong'] ) . '</em></p>' : '';
	}
	$origin = strtolower( $parts[1] );
	parse_str( $parts[3] ?? '', $asked );
	$kept = array();
	foreach ( array( 'lang', 'source', 'theme' ) as $name ) {
		if ( isset( $asked[ $name ] ) && is_string( $asked[ $name ] ) && preg_match( '/^[a-z0-9-]{1,50}$/Di', $asked[ $name ] ) ) {
			$kept[ $name ] = $asked[ $name ];
		}
	}
	$query = $kept ? '?' . http_build_query( $kept ) : '';
	$link  = '<a href="' . esc_url( $origin . '/campaigns/' . $parts[2] . $query, array( 'https' ) ) . '">' . esc_html( words()['sign'] ) . '</a>';
	if ( address( get_option( SETTING ) ) !== $origin ) {
		return '<p>' . $link . '</p>';
	}
	wp_enqueue_script( 'undersigned' );
	$said = isset( $kept['lang'] ) ? ' lang="' . esc_attr( $kept['lang'] ) . '"' : '';
	foreach ( array_diff_key( $kept, array( 'lang' => '' ) ) as $name => $value ) {
		$said .= ' data-' . $name . '="' . esc_attr( $value ) . '"';
	}
	// A theme gives its width to blocks only, and without scripts the element is none.
	return '<div><undersigned-form' . $said . '>' . $link . '</undersigned-form></div>';
}

add_action(
	'init',
	function () {
		$where = array( 'strategy' => 'async' );
		foreach ( array( 'undersigned' => 'embed.js', 'undersigned-block' => 'block.js' ) as $name => $file ) {
			$needs = 'block.js' === $file ? array( 'wp-blocks', 'wp-block-editor', 'wp-components', 'wp-element' ) : array();
			wp_register_script( $name, plugins_url( $file, __FILE__ ), $needs, md5_file( __DIR__ . '/' . $file ), $needs ? array() : $where );
		}
		wp_add_inline_script( 'undersigned-block', 'const undersignedWords = ' . wp_json_encode( words(), JSON_HEX_TAG ) . ';', 'before' );
		register_block_type(
			'undersigned/letter',
			array(
				'api_version'           => 3,
				'attributes'            => array( 'link' => array( 'type' => 'string', 'default' => '' ) ),
				'editor_script_handles' => array( 'undersigned-block' ),
				'render_callback'       => __NAMESPACE__ . '\form',
			)
		);
		add_shortcode( 'undersigned', __NAMESPACE__ . '\form' );
	}
);

add_action(
	'admin_init',
	function () {
		register_setting( 'general', SETTING, array( 'sanitize_callback' => __NAMESPACE__ . '\address' ) );
		add_settings_field(
			SETTING,
			esc_html( words()['setting'] ),
			function () {
				echo '<input type="url" class="regular-text" id="' . esc_attr( SETTING ) . '" name="' . esc_attr( SETTING ) . '" value="'
					. esc_attr( get_option( SETTING ) ) . '" aria-describedby="undersigned-such"><p class="description" id="undersigned-such">'
					. esc_html( words()['such'] ) . '</p>';
			},
			'general',
			'default',
			array( 'label_for' => SETTING )
		);
	}
);
